"""Findings: one module per question, asked of a snapshot. Pure; changes nothing, reads nothing.

Names are loaded when first used, so that reading thresholds at start costs no rule.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolecall.insights.evaluation import all_rules, evaluate, excepted
    from rolecall.insights.facts import (
        AccessException,
        AppFact,
        Attestation,
        ElevationFact,
        Facts,
        OutsideChange,
        OwnAct,
        OwnActors,
    )
    from rolecall.insights.rules import RULES, Rule
    from rolecall.policy.thresholds import Thresholds, thresholds_from

__all__ = [
    "RULES",
    "AccessException",
    "AppFact",
    "Attestation",
    "ElevationFact",
    "Facts",
    "OutsideChange",
    "OwnAct",
    "OwnActors",
    "Rule",
    "Thresholds",
    "all_rules",
    "evaluate",
    "excepted",
    "thresholds_from",
]
_LIMITS = ("Thresholds", "thresholds_from")
_HOMES = {
    **dict.fromkeys(("all_rules", "evaluate", "excepted", "RULES"), "evaluation"),
    "Rule": "rules",
}


def __getattr__(name: str) -> Any:
    """Load the module a name lives in."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _LIMITS:
        return getattr(import_module("rolecall.policy.thresholds"), name)
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'facts')}"), name)
