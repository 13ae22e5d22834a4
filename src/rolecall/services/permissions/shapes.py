"""Answers about permissions as plain values: the one shape that --json, REST and MCP all show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rolecall.domain.snapshot import User
from rolecall.permissions.answers import Answer
from rolecall.permissions.catalogue import Permission
from rolecall.permissions.compare import ComparedRow, RecordDiff
from rolecall.permissions.levels import NOTHING, Range
from rolecall.permissions.matrix import shown
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_check import LineResult, PackResult
from rolecall.permissions.why import Option
from rolecall.services.permissions.answers import (
    ComparisonAnswer,
    HoldersAnswer,
    Standpoint,
    WhyAnswer,
)
from rolecall.services.permissions.files import ExportDifference, ExportImported, KeptImport
from rolecall.sources.users_export import Problem
from rolecall.store import ExportImport

Plain = dict[str, Any]
WORDS = {True: "yes", False: "no", None: "unknown"}


def import_shape(one: ExportImport) -> Plain:
    """One users export as it was imported."""
    return {
        "id": one.id,
        "as_of": one.as_of,
        "imported_at": one.imported_at,
        "imported_by": one.imported_by,
        "file": one.file_name,
        "digest": one.file_digest,
        "lines": one.lines,
        "mapping": dict(one.mapping),
    }


def imported_shape(told: ExportImported) -> Plain:
    """What `export import --json` prints."""
    reading = told.reading
    return {
        **import_shape(told.imported),
        "columns": dict(reading.columns),
        "unknown_columns": list(reading.unknown_columns),
        "unknown_permissions": dict(reading.unknown_tokens),
        "problems": problem_shapes(reading.problems),
        "cut": reading.cut,
        "users": told.users,
        "covered": told.covered,
        "known_before": told.known_before,
        "closed_tasks": [{"id": one.id, "title": one.title} for one in told.closed],
        "warnings": list(told.warnings),
    }


def problem_shapes(problems: Iterable[Problem]) -> list[Plain]:
    """What could not be used, by line."""
    return [{"line": one.line or None, "message": one.message} for one in problems]


def kept_import_shape(kept: KeptImport) -> Plain:
    """An import of before with what could not be read of it."""
    note = kept.note
    return {
        **import_shape(kept.imported),
        "catalogue": note.catalogue or None,
        "unknown_columns": list(note.unknown_columns),
        "unknown_permissions": dict(note.unknown_tokens),
        "problems": problem_shapes(note.problems),
        "cut": note.cut,
    }


def export_difference_shape(found: ExportDifference) -> Plain:
    """What two exports differ in."""
    return {
        "before": found.before.as_of,
        "after": found.after.as_of,
        "users": [_record_diff(one) for one in found.users],
    }


def _record_diff(one: RecordDiff) -> Plain:
    sets = None if one.sets is None else {"before": list(one.sets[0]), "after": list(one.sets[1])}
    return {
        "email": one.email,
        "state": one.state,
        "gained": {key: list(pair) for key, pair in one.gained.items()},
        "lost": {key: list(pair) for key, pair in one.lost.items()},
        "permission_sets": sets,
    }


def permission_shape(one: Permission) -> Plain:
    """A permission of the catalogue."""
    return {"id": one.id, "label": one.shown, "critical": one.critical, "sure": one.sure.value}


def catalogue_shape(one: Permission) -> Plain:
    """A permission with everything the catalogue says of it."""
    return {
        **permission_shape(one),
        "path": list(one.path),
        "levels": list(one.levels),
        "kind": one.kind.value,
        "seats": list(one.seats),
        "tier": one.tier.value if one.tier else None,
        "requires": list(one.requires),
        "source": one.source,
    }


def range_shape(held: Range) -> Plain:
    """What is known of a level: at least, at most, and as one cell."""
    return {"at_least": held.low or None, "at_most": held.high or None, "shown": shown(held)}


def answer_shape(told: Answer) -> Plain:
    """Can somebody do it: the rule that decided, the evidence and its age."""
    return {
        "email": told.email,
        "permission": permission_shape(told.permission),
        "level": told.level,
        "can": WORDS[told.can],
        "held": range_shape(told.held),
        "rule": told.rule,
        "by_seat": told.by_seat,
        "reach": told.reach or None,
        "evidence": list(told.evidence),
        "as_of": told.as_of,
        "age_days": told.age_days,
        "notes": list(told.notes),
    }


def option_shape(one: Option) -> Plain:
    """One way to give a permission."""
    return {
        "kind": one.kind,
        "label": one.label,
        "value": one.value or None,
        "by_api": one.by_api,
        "also": list(one.also),
        "critical": list(one.critical),
        "loses": list(one.loses),
        "members": one.members,
        "requires": list(one.requires),
        "clicks": list(one.clicks),
    }


def why_shape(told: WhyAnswer) -> Plain:
    """What `user why --json` prints."""
    options = [option_shape(one) for one in told.why.options]
    return {**answer_shape(told.why.answer), "options": options}


def holders_shape(told: HoldersAnswer) -> Plain:
    """What `user who-can --json` prints."""
    holders = told.holders
    return {
        "permission": permission_shape(holders.permission),
        "level": holders.level,
        "can": [one.email for one in holders.surely],
        "unknown": [one.email for one in holders.maybe],
        "evidence": evidence_shape(told.standpoint),
    }


def evidence_shape(seen: Standpoint) -> Plain | None:
    """The newest users export answers rest on."""
    return None if seen.newest is None else {"as_of": seen.newest.as_of, "id": seen.newest.id}


def comparison_shape(told: ComparisonAnswer) -> Plain:
    """What `user compare --json` prints."""
    found = told.comparison
    return {
        "columns": list(found.titles),
        "rows": [_row(one) for one in found.rows],
        "equal_rows": found.equal_rows,
        "nearest": dict(told.nearest),
        "evidence": evidence_shape(told.standpoint),
    }


def _row(one: ComparedRow) -> Plain:
    permission = one.permission.id if one.permission else None
    return {
        "label": one.label,
        "permission": permission,
        "cells": list(one.cells),
        "equal": one.equal,
    }


def matrix_shapes(seen: Standpoint, ids: Iterable[str] | None = None) -> list[Plain]:
    """What `user matrix --json` prints: of each user what is not surely nothing, `?` for unknown."""
    wanted = tuple(ids or seen.resolver.catalogue.permissions)
    return [_held_by(seen, user, wanted) for user in seen.present]


def _held_by(seen: Standpoint, user: User, wanted: Iterable[str]) -> Plain:
    access = seen.resolver.access_of(user)
    held = ((one, access.of(one)) for one in wanted)
    return {
        "email": user.email,
        "id": user.id,
        "state": user.state.value,
        "permissions": {one: shown(level) for one, level in held if level != NOTHING},
        "evidence": list(access.given.sources or (str(access.given.ground),)),
        "as_of": access.given.as_of,
    }


def pack_shape(pack: Pack, where: str = "") -> Plain:
    """A requirement pack, in one line."""
    return {
        "pack": pack.id,
        "name": pack.name,
        "vendor": pack.vendor,
        "version": pack.version,
        "applies_to": list(pack.applies_to),
        "lines": len(pack.requires),
        "setup_only": pack.setup_only,
        "source": {
            "title": pack.source.title,
            "url": pack.source.url or None,
            "read_on": pack.source.read_on,
        },
        "file": where or None,
    }


def pack_result_shape(one: PackResult) -> Plain:
    """One user (or set) against a pack."""
    return {
        "email": one.subject,
        "id": one.subject_id,
        "verdict": one.verdict.value,
        "missing": [line_shape(line) for line in one.missing],
        "lines": [line_shape(line) for line in one.lines],
        "excess": list(one.excess),
        "doubtful": list(one.doubtful),
        "evidence": list(one.evidence),
        "as_of": one.as_of,
    }


def line_shape(line: LineResult) -> Plain:
    """One line of a pack for one user."""
    return {
        "id": line.requirement.id,
        "title": line.requirement.title,
        "status": line.status.value,
        "message": line.message or None,
        "clicks": list(line.clicks),
        "by_seat": line.by_seat,
        "interpretation": line.requirement.interpretation,
    }
