"""Settings: environment first, file second; every problem told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.kit.errors import Refused
from rolecall.settings import load


def test_environment_wins_over_file(tmp_path: Path) -> None:
    """A variable beats config.toml, which beats the default."""
    (tmp_path / "config.toml").write_text("feed_days = 7\nfeed_pages = 3\n", encoding="utf-8")
    found = load({"ROLECALL_HOME": str(tmp_path), "ROLECALL_FEED_DAYS": "9"})

    assert (9, 3, 200) == (found.feed_days, found.feed_pages, found.absence_proofs)


def test_secrets_come_from_files(tmp_path: Path) -> None:
    """A secret can be named by a path, and never shows in a repr."""
    secret = tmp_path / "url"
    secret.write_text("postgresql://me:pw@db/rolecall\n", encoding="utf-8")
    found = load({"ROLECALL_HOME": str(tmp_path), "ROLECALL_DATABASE_URL_FILE": str(secret)})

    assert "postgresql://me:pw@db/rolecall" == found.database_url
    assert "pw@db" not in repr(found)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Unknown names and wrong values are named together, with their place."""
    (tmp_path / "config.toml").write_text("feeddays = 7\n", encoding="utf-8")

    with pytest.raises(Refused) as caught:
        load({"ROLECALL_HOME": str(tmp_path), "ROLECALL_FEED_PAGES": "many"})

    assert "feeddays: unknown setting" in caught.value.message
    assert "ROLECALL_FEED_PAGES: takes a whole number" in caught.value.message


def test_thresholds_are_pairs_in_the_environment(tmp_path: Path) -> None:
    """Limits of findings fit into one variable, or a table of the file."""
    text = "dormant_days=60, max_super_admin_share=0.05"
    found = load({"ROLECALL_HOME": str(tmp_path), "ROLECALL_THRESHOLDS": text})

    assert {"dormant_days": 60, "max_super_admin_share": 0.05} == dict(found.thresholds)
