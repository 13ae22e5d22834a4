"""docs/access-yaml.md and docs/plans.md name every key, guardrail and kind there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.domain.plan import ChangeKind
from rolecall.plan.guardrails import GUARDRAILS
from rolecall.policy.document import PROFILE_FIELDS, Mode, Section
from rolecall.policy.facts import PERSON_FIELDS, USER_FIELDS
from rolecall.policy.grants_nodes import GRANT_KEYS
from rolecall.policy.parse import KEYS, parse_policy
from rolecall.policy.people_nodes import PERSON_KEYS
from rolecall.policy.rules_nodes import CUSTOM_RULE_KEYS, EXCEPTION_KEYS, RULE_KEYS
from rolecall.policy.settings_nodes import GUARDRAIL_KEYS, PARKING_KEYS, PRICE_KEYS

DOCS = Path(__file__).parents[2] / "docs"
FILE_WORDS = sorted(
    {
        *KEYS, *GRANT_KEYS, *PERSON_KEYS, *RULE_KEYS, *EXCEPTION_KEYS, *CUSTOM_RULE_KEYS,
        *GUARDRAIL_KEYS, *PARKING_KEYS, *PRICE_KEYS, *PERSON_FIELDS, *USER_FIELDS,
        *PROFILE_FIELDS, *(mode.value for mode in Mode), *(section.value for section in Section),
    }
)  # fmt: skip


@pytest.mark.parametrize("word", FILE_WORDS)
def test_every_key_of_access_yaml_is_documented(word: str) -> None:
    """A key nobody can look up does not exist."""
    assert f"`{word}`" in (DOCS / "access-yaml.md").read_text("utf-8")


@pytest.mark.parametrize(
    "word", [*(guard.__name__ for guard in GUARDRAILS), *(kind.value for kind in ChangeKind)]
)
def test_every_guardrail_and_kind_is_documented(word: str) -> None:
    """Operators meet these words in plans."""
    assert f"`{word}`" in (DOCS / "plans.md").read_text("utf-8")


def test_the_example_of_the_page_is_a_good_file() -> None:
    """What people copy works."""
    page = (DOCS / "access-yaml.md").read_text("utf-8")
    start = page.index("    version: 1")
    block = page[start : page.index("\n\n", start)]

    assert parse_policy("\n".join(line[4:] for line in block.splitlines())).portal == "acme"
