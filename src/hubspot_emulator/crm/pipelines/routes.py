"""HTTP of pipelines, and of the list of custom object schemas, which is empty."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hubspot_emulator.crm.kinds import KINDS, ObjectKind
from hubspot_emulator.crm.paths import DATED, PIPELINE_ROOTS, aliases, read_scopes
from hubspot_emulator.crm.pipelines import model
from hubspot_emulator.routing import Call, Route
from hubspot_emulator.wire import Answer

_SCHEMAS = ("crm.schemas.custom.read", "crm.objects.custom.read")


def list_pipelines(kind: ObjectKind, _: Call) -> Answer:
    """Every pipeline of a type; not paged."""
    return Answer(body={"results": [one.wire() for one in model.pipelines_of(kind)]})


def read_pipeline(kind: ObjectKind, call: Call) -> Answer:
    """One pipeline with its stages."""
    return Answer(body=model.pipeline(kind, call.path["pipelineId"]).wire())


def list_stages(kind: ObjectKind, call: Call) -> Answer:
    """The stages of one pipeline."""
    return Answer(body={"results": model.pipeline(kind, call.path["pipelineId"]).stage_rows()})


def read_stage(kind: ObjectKind, call: Call) -> Answer:
    """One stage."""
    found = model.pipeline(kind, call.path["pipelineId"])
    return Answer(body=model.stage_row(found, call.path["stageId"]))


def list_schemas(_: Call) -> Answer:
    """Custom object types, of which there are none (recorded March 2026)."""
    return Answer(body={"results": []})


_READS: tuple[tuple[str, str, Callable[[ObjectKind, Call], Answer]], ...] = (
    ("", "list", list_pipelines),
    ("/{pipelineId}", "read", read_pipeline),
    ("/{pipelineId}/stages", "stages", list_stages),
    ("/{pipelineId}/stages/{stageId}", "stage", read_stage),
)
_SCHEMA_PATHS = (
    ("v3", "/crm/v3/schemas"),
    ("v3", "/crm-object-schemas/v3/schemas"),
    *((one, f"/crm-object-schemas/{one}/schemas") for one in DATED),
)
ROUTES: tuple[Route, ...] = (
    *(
        Route(
            *("GET", f"{root}/{alias}{tail}", f"pipelines.{kind.name}.{verb}"),
            *(partial(handler, kind), (*read_scopes(kind), "crm.objects.owners.read"), version),
        )
        for kind in KINDS
        for alias in aliases(kind)
        for version, root in PIPELINE_ROOTS
        for tail, verb, handler in _READS
    ),
    *(
        Route("GET", path, "schemas.list", list_schemas, _SCHEMAS, version)
        for version, path in _SCHEMA_PATHS
    ),
)
