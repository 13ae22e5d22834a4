"""Which part of an evidence pack speaks to which control of SOC 2 and ISO 27001; data, no claim."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from rolecall.evidence.tables import Table


@dataclass(frozen=True, slots=True)
class Control:
    """One control and the parts of a pack an auditor looks at for it."""

    standard: str
    control: str
    about: str
    shows: tuple[str, ...]


@cache
def controls() -> tuple[Control, ...]:
    """The shipped mapping."""
    text = (files("rolecall.evidence") / "data" / "controls.yaml").read_text("utf-8")
    told = yaml.safe_load(text)["controls"]
    return tuple(
        Control(one["standard"], one["control"], one["about"], tuple(one["shows"])) for one in told
    )


def controls_table() -> Table:
    """The mapping as a table of the pack."""
    rows = tuple((one.standard, one.control, one.about, ", ".join(one.shows)) for one in controls())
    return Table("Controls", ("Standard", "Control", "About", "Parts of this pack"), rows)
