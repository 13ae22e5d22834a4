"""HubSpot's own pipelines of deals and tickets, as a fresh portal has them (recorded March 2026)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubspot_emulator.crm.kinds import DEALS, TICKETS, ObjectKind
from hubspot_emulator.wire import not_found

_MADE = "1970-01-01T00:00:00Z"  # what HubSpot's own say of their age


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline; `metadata` says what being there means."""

    id: str
    label: str
    metadata: dict[str, str]

    def wire(self, order: int) -> dict[str, Any]:
        """The stage as the pipelines API prints it."""
        return {
            "label": self.label,
            "displayOrder": order,
            "metadata": self.metadata,
            "id": self.id,
            "createdAt": _MADE,
            "updatedAt": _MADE,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            "archived": False,
        }


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages a record of one type goes through."""

    id: str
    label: str
    stages: tuple[Stage, ...]

    def stage_rows(self) -> list[dict[str, Any]]:
        """Every stage in order."""
        return [stage.wire(at) for at, stage in enumerate(self.stages)]

    def wire(self) -> dict[str, Any]:
        """The pipeline with its stages."""
        return {
            "label": self.label,
            "displayOrder": 0,
            "id": self.id,
            "stages": self.stage_rows(),
            "createdAt": _MADE,
            "updatedAt": _MADE,
            "archived": False,
        }


def _deal(stage_id: str, label: str, probability: str) -> Stage:
    closed = "true" if probability in ("1.0", "0.0") else "false"
    return Stage(stage_id, label, {"isClosed": closed, "probability": probability})


def _ticket(stage_id: str, label: str, state: str) -> Stage:
    return Stage(
        stage_id, label, {"ticketState": state, "isClosed": str(state == "CLOSED").lower()}
    )


PIPELINES: dict[str, tuple[Pipeline, ...]] = {
    DEALS.name: (
        Pipeline(
            "default",
            "Sales Pipeline",
            (
                _deal("appointmentscheduled", "Appointment Scheduled", "0.2"),
                _deal("qualifiedtobuy", "Qualified To Buy", "0.4"),
                _deal("presentationscheduled", "Presentation Scheduled", "0.6"),
                _deal("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
                _deal("contractsent", "Contract Sent", "0.9"),
                _deal("closedwon", "Closed Won", "1.0"),
                _deal("closedlost", "Closed Lost", "0.0"),
            ),
        ),
    ),
    TICKETS.name: (
        Pipeline(
            "0",
            "Support Pipeline",
            (
                _ticket("1", "New", "OPEN"),
                _ticket("2", "Waiting on contact", "OPEN"),
                _ticket("3", "Waiting on us", "OPEN"),
                _ticket("4", "Closed", "CLOSED"),
            ),
        ),
    ),
}


def pipelines_of(kind: ObjectKind) -> tuple[Pipeline, ...]:
    """The pipelines of a type; contacts, companies and users have none here."""
    return PIPELINES.get(kind.name, ())


def pipeline(kind: ObjectKind, pipeline_id: str) -> Pipeline:
    """One pipeline; 404 when there is none of this id."""
    for one in pipelines_of(kind):
        if one.id == pipeline_id:
            return one
    raise not_found()


def stage_row(found: Pipeline, stage_id: str) -> dict[str, Any]:
    """One stage; 404 when the pipeline has none of this id."""
    for row in found.stage_rows():
        if row["id"] == stage_id:
            return row
    raise not_found()
