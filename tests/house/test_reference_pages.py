"""docs/settings.md, docs/cli.md and docs/connect.md are what the code says."""

from __future__ import annotations

from dataclasses import fields

import click
import pytest

from rolecall.cli import NOUNS, rolecall
from rolecall.settings import Settings
from scripts.reference_pages import DOCS, PAGES, field_texts, walked


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str) -> None:
    """Each page equals the generated text; `python scripts/reference_pages.py` renews it."""
    assert PAGES[name]() == (DOCS / name).read_text(encoding="utf-8")


def test_every_setting_is_documented() -> None:
    """Each field of Settings carries a text."""
    texts = field_texts()

    assert [] == [one.name for one in fields(Settings) if len(texts.get(one.name, "")) < 20]


def test_every_command_says_what_it_does() -> None:
    """Each command has a help text and an example."""
    found = []
    for path, command, _ in walked(rolecall, click.Context(rolecall, info_name="rolecall")):
        if not command.help or "Example: rolecall" not in (command.epilog or ""):
            found.append(path)

    assert [] == found


def test_every_option_says_what_it_is_for() -> None:
    """No option is a bare name in --help."""
    tree = walked(rolecall, click.Context(rolecall, info_name="rolecall"))
    options = [
        (path, one) for path, command, _ in tree for one in command.params
        if isinstance(one, click.Option)
    ]  # fmt: skip

    assert [] == [f"{path} {one.opts[0]}" for path, one in options if not one.help]


def test_every_noun_has_its_place() -> None:
    """Each noun of the table points to a module of the command line."""
    assert [] == [n for n, e in NOUNS.items() if not e.target.startswith("rolecall.cli.")]
