"""Findings: one module per question, asked of a snapshot. Pure; changes nothing, reads nothing."""

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
