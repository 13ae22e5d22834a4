"""Answers of use cases as plain values: the one shape that --json, REST and MCP all show.

Times stay datetimes; who encodes them writes ISO 8601 in UTC.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Shapes are made of what a command already holds; none pays for the services of the others.
    from rolecall.domain.finding import Evidence, Finding, Mend
    from rolecall.domain.portal import Portal
    from rolecall.domain.snapshot import FeedEvent
    from rolecall.services.connections.portals import ConnectionReport, PortalLine
    from rolecall.services.inventory.cards import HistoryLine, UserCard
    from rolecall.services.inventory.overview import Overview
    from rolecall.services.inventory.times import Holding
    from rolecall.services.inventory.users import UserRow
    from rolecall.services.operators.links import NewLink
    from rolecall.services.syncs.syncing import SyncReport
    from rolecall.store import AuditLine, SnapshotHead
    from rolecall.store.findings import StoredFinding

Plain = dict[str, Any]


def sync_shape(report: SyncReport) -> Plain:
    """What `sync --json` prints (docs/cli.md): counts of what there is, and what it cost."""
    run, counts = report.run, report.run.counts
    return {
        "portal": report.portal,
        "users": counts.get("users", 0),
        "permission_sets": counts.get("permission_sets", 0),
        "teams": counts.get("teams", 0),
        "seats": counts.get("seats", 0),
        "requests": run.requests,
        "seconds": run.seconds,
        "complete": run.complete,
        "changes": run.changes,
        "gaps": list(run.gaps),
        "snapshot": run.snapshot_id,
        "resumed": report.resumed,
        "unchanged": report.unchanged,
        "followed": report.followed or None,
        "notes": list(report.notes),
    }


def overview_shape(overview: Overview) -> Plain:
    """The newest snapshot, counted: states, permission sets, seats, teams."""
    return {**asdict(overview), "portal": overview.portal.name}


def text_shape(text: str) -> Plain:
    """Something whose data is a text: YAML, a key in PEM."""
    return {"text": text}


def user_shape(row: UserRow) -> Plain:
    """One user with names beside ids."""
    user = row.user
    return {
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "name": user.name,
        "state": user.state.value,
        "state_estimated": user.state_estimated,
        "super_admin": user.super_admin,
        "permission_sets": list(row.permission_sets),
        "permission_set_ids": list(user.permission_set_ids),
        "main_team": row.main_team or None,
        "main_team_id": user.main_team_id,
        "extra_teams": list(row.extra_teams),
        "extra_team_ids": list(user.extra_team_ids),
        "seats": None if user.seat_names is None else list(user.seat_names),
        "last_active": user.last_active_at,
        "last_active_source": user.last_active_source or None,
        "created": user.created_at,
        "crm_id": user.crm_id,
        "owner_id": user.owner_id,
        "owner_archived": user.owner_archived,
        "profile": dict(user.profile),
    }


def card_shape(card: UserCard) -> Plain:
    """One user in full."""
    return {
        "portal": card.portal.name,
        "user": user_shape(card.row),
        "first_seen": card.first_seen,
        "facts": [
            {
                "name": one.name,
                "value": one.value,
                "source": one.source,
                "observed_at": one.observed_at,
            }
            for one in card.facts
        ],
        "findings": [finding_shape(one) for one in card.findings],
        "events": [event_shape(one) for one in card.events],
    }


def holding_shape(one: Holding) -> Plain:
    """One thing a user holds; no claims = found in HubSpot, and nobody told us why."""
    return {
        "slot": one.slot.value,
        "value": one.value,
        "label": one.label,
        "since": one.since,
        "claims": [
            {
                "origin": claim.origin.value,
                "from": claim.starts_at,
                "until": claim.ends_at,
                "reason": claim.reason,
                "reference": claim.reference,
            }
            for claim in one.claims
        ],
    }


def history_shape(line: HistoryLine) -> Plain:
    """One line of a user's history."""
    return {
        "since": line.since,
        "until": line.until,
        "note": line.note or None,
        "differences": [
            {"field": one.field, "before": one.before, "after": one.after}
            for one in line.differences
        ],
    }


def event_shape(event: FeedEvent) -> Plain:
    """One line of a feed."""
    return {
        "feed": event.feed,
        "type": event.type,
        "at": event.at,
        "actor": event.actor_email or event.actor_id,
        "object": event.object_id,
        "details": dict(event.details),
    }


def finding_shape(finding: Finding) -> Plain:
    """One finding."""
    return {
        "key": finding.key,
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "subject_kind": finding.subject_kind,
        "subject_id": finding.subject_id,
        "subject": finding.subject,
        "message": finding.message,
        "why": finding.why,
        "evidence": [evidence_shape(one) for one in finding.evidence],
        "mend": mend_shape(finding.mend),
        "related": list(finding.related),
    }


def evidence_shape(one: Evidence) -> Plain:
    """One fact behind a finding."""
    return {"fact": one.fact, "source": one.source, "observed_at": one.observed_at}


def mend_shape(mend: Mend | None) -> Plain | None:
    """The change that would mend a finding."""
    if mend is None:
        return None
    return {"kind": mend.kind, "summary": mend.summary, "values": dict(mend.values)}


def stored_finding_shape(stored: StoredFinding) -> Plain:
    """One finding with its id and age."""
    return {
        "id": stored.id,
        **finding_shape(stored.finding),
        "first_seen": stored.first_seen,
        "last_seen": stored.last_seen,
    }


def connect_link_shape(name: str, address: str, made: NewLink) -> Plain:
    """A link that connects the portal NAME, and until when it works; told this once."""
    return {"name": name, "link": address, "expires_at": made.link.expires_at}


def portal_shape(line: PortalLine) -> Plain:
    """One portal with its newest snapshot."""
    return {
        **_portal(line.portal),
        "snapshot": None if line.head is None else head_shape(line.head),
    }


def head_shape(head: SnapshotHead) -> Plain:
    """One snapshot without its contents."""
    return {
        "id": head.id,
        "sealed_at": head.sealed_at,
        "complete": head.complete,
        "gaps": list(head.gaps),
        "counts": dict(head.counts),
    }


def connection_shape(report: ConnectionReport) -> Plain:
    """What `portal check --json` prints."""
    found = report.capabilities
    return {
        "portal": _portal(report.portal),
        "works": report.works,
        "tier": found.tier.value,
        "credential_owner": report.owner or None,
        "scopes_known": found.scopes_known,
        "scopes": list(report.scopes.granted),
        "features": [one.id for one in report.scopes.available],
        "missing": [
            {
                "feature": feature.id,
                "label": feature.label,
                "add": [list(group) for group in groups],
                "without": feature.without,
            }
            for feature, groups in report.scopes.missing
        ],
        "surplus_scopes": list(report.scopes.surplus),
        "versions": [
            {"api": one.api, "version": one.version or None, "ends": one.ends}
            for one in report.versions
        ],
        "daily_limit": found.daily_limit,
        "daily_used": found.daily_used,
        "warnings": list(report.warnings),
    }


def _portal(portal: Portal) -> Plain:
    return {
        "name": portal.name,
        "hub_id": portal.hub_id,
        "tier": portal.tier.value,
        "state": portal.state.value,
        "state_reason": portal.state_reason or None,
        "time_zone": portal.time_zone,
        "hosting": portal.hosting,
        "account_type": portal.account_type,
        "credential_kind": portal.credential_kind.value,
        "sync_every_minutes": portal.sync_every_minutes,
    }


def audit_line_shape(line: AuditLine) -> Plain:
    """One line of the audit trail, with its place in the chain."""
    event = line.event
    return {
        "seq": line.seq,
        "at": event.at,
        "event": event.event,
        "actor": event.actor,
        "reason": event.reason,
        "hub_id": event.hub_id,
        "subject": event.subject,
        "details": dict(event.details),
        "hash": line.hash,
    }
