"""The tables of docs/emulator.md, out of the data the emulator itself runs on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from hubspot_emulator.acts.table import ACTS
from hubspot_emulator.faults import FAULTS
from hubspot_emulator.registry import all_routes
from hubspot_emulator.switches import SWITCHES


def with_tables(text: str) -> str:
    """The page with every generated table renewed; the prose between them is kept.

    A table stands between `<!-- NAME -->` and `<!-- /NAME -->`. KeyError when a table has no place.
    """
    for name, table in TABLES.items():
        marks = f"<!-- {name} -->", f"<!-- /{name} -->"
        pattern = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", re.DOTALL)
        if not pattern.search(text):
            raise KeyError(f"docs/emulator.md has no place for the table {name}")
        block = f"{marks[0]}\n{table()}\n{marks[1]}"
        text = pattern.sub(lambda _, block=block: block, text)  # type: ignore[misc]
    return text


def switches_table() -> str:
    """Every open question with its answers; the default is marked."""
    rows = ((f"`{one.name}`", one.question, _answers(one.answers, one.default)) for one in SWITCHES)
    return _table(("switch", "question", "answers (default in bold)"), rows)


def faults_table() -> str:
    """Every fault with its phases and own parameters."""
    rows = (
        (
            f"`{one.name}`",
            one.about,
            ", ".join(one.phases),
            ", ".join(f"`{key}` = {value}" for key, value in one.parameters.items()),
        )
        for one in FAULTS
    )
    return _table(("kind", "what happens", "phases", "parameters"), rows)


def acts_table() -> str:
    """Every act with the fields it reads."""
    rows = (
        (
            f"`{one.name}`",
            one.about,
            ", ".join(f"`{name}` ({kind})" for name, kind in one.fields.items()),
        )
        for one in ACTS.values()
    )
    return _table(("act", "what is done", "fields"), rows)


def control_table() -> str:
    """Every control route with the first sentence of its handler."""
    routes = (route for route in all_routes() if route.control)
    rows = (
        (f"`{one.method} {one.template}`", (one.handler.__doc__ or "").split("\n")[0])
        for one in routes
    )
    return _table(("request", "what it does"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "control": control_table,
    "switches": switches_table,
    "faults": faults_table,
    "acts": acts_table,
}


def _answers(answers: tuple[str, ...], default: str) -> str:
    return ", ".join(f"**{one}**" if one == default else one for one in answers)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(one) + " |" for one in lines)
