"""Behaviours that public evidence leaves open: every answer implemented, one chosen per switch.

The default is the answer most dangerous to a careless client.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question about HubSpot and the answers the emulator can give."""

    name: str
    answers: tuple[str, ...]
    default: str
    question: str


SWITCHES: tuple[Switch, ...] = (
    Switch(
        "put_omission",
        ("preserve", "clear_role", "clear_all"),
        "clear_all",
        "What does a PUT on a user do to access fields that are not sent?",
    ),
)


class Switches:
    """The chosen answers of one emulator; unknown names and answers are refused by name."""

    __slots__ = ("_chosen", "_known")

    def __init__(self, chosen: dict[str, str] | None = None) -> None:
        self._known = {switch.name: switch for switch in SWITCHES}
        self._chosen: dict[str, str] = {s.name: s.default for s in SWITCHES}
        for name, answer in (chosen or {}).items():
            self.choose(name, answer)

    def __getitem__(self, name: str) -> str:
        return self._chosen[name]

    def choose(self, name: str, answer: str) -> None:
        """Set one switch; ValueError names what would have been allowed."""
        switch = self._known.get(name)
        if switch is None:
            raise ValueError(f"no switch {name!r}; there are: {', '.join(sorted(self._known))}")
        if answer not in switch.answers:
            raise ValueError(f"switch {name} takes {', '.join(switch.answers)}, not {answer!r}")
        self._chosen[name] = answer

    def as_dict(self) -> dict[str, str]:
        """Chosen answers by name."""
        return dict(self._chosen)
