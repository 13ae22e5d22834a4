"""Every topic somebody notifies has its text, and every text somebody who notifies it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import rolecall.services
from rolecall.domain.events import TOPICS_OF_EVENTS
from rolecall.domain.request import RequestState
from rolecall.services.telling.texts import TEXTS

SERVICES = Path(rolecall.services.__path__[0])


def topics() -> Iterator[str]:
    """Topics named where a notice is queued, or kept under the name topic."""
    for path in SERVICES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from _named(node)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _is_notify(node.func):
        for one in node.args:
            yield from _texts(one)
    elif isinstance(node, ast.Assign) and any(
        isinstance(one, ast.Name) and one.id.casefold() == "topic" for one in node.targets
    ):
        yield from _texts(node.value)


def _is_notify(func: ast.expr) -> bool:
    return getattr(func, "attr", getattr(func, "id", "")) in {"notify", "_notify"}


def _texts(node: ast.expr) -> Iterator[str]:
    """Constants of an expression; `request.{state}` stands for every state."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        assert "request." == getattr(node.values[0], "value", "")
        yield from (f"request.{state.value}" for state in RequestState)


def test_every_topic_has_its_text() -> None:
    """What is queued can be told, and nothing is worded that nobody queues."""
    assert set(TEXTS) == {*topics(), *TOPICS_OF_EVENTS}
