"""Findings: one module per question, asked of a snapshot. Pure; changes nothing, reads nothing.

Names load when they are used: whoever only carries thresholds around does not pay for the rules.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.insights.evaluation import evaluate, excepted, rules
    from rolecall.insights.facts import (
        AccessException,
        AppFact,
        Attestation,
        ElevationFact,
        Facts,
        OwnAct,
    )
    from rolecall.insights.rules import RULES, Rule
    from rolecall.insights.thresholds import Thresholds, thresholds_from

__all__ = [
    "RULES",
    "AccessException",
    "AppFact",
    "Attestation",
    "ElevationFact",
    "Facts",
    "OwnAct",
    "Rule",
    "Thresholds",
    "evaluate",
    "excepted",
    "rules",
    "thresholds_from",
]

_FACTS = ("AccessException", "AppFact", "Attestation", "ElevationFact", "Facts", "OwnAct")
_THRESHOLDS = ("Thresholds", "thresholds_from")


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    home = "facts" if name in _FACTS else "thresholds" if name in _THRESHOLDS else "evaluation"
    return getattr(import_module(f"{__name__}.{home}"), name)
