"""One kind of call: method, family, path below the version's prefix, and the type of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec

from rolecall.hubspot.versions import Family

Answer = TypeVar("Answer", covariant=True)

_HOLE = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class Operation(Generic[Answer]):
    """A prepared call; built once, at import, so that its decoder is ready.

    `collection` True: the path exists in every portal that has the version, so a 404 means a
    missing version, never a missing thing. `reads` True: a POST that changes nothing (search,
    batch read), so it may be repeated.
    """

    method: str
    family: Family
    path: str  # template with {names}
    answer: type[Answer]
    collection: bool = False
    search: bool = False
    reads: bool = False
    writes: bool = field(init=False)
    empty: bool = field(init=False)  # no answer body is wanted
    decoder: msgspec.json.Decoder[Answer] = field(init=False, repr=False)
    _parts: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "writes", not (self.reads or self.method == "GET"))
        object.__setattr__(self, "empty", self.answer is type(None))
        object.__setattr__(self, "decoder", msgspec.json.Decoder(self.answer))
        object.__setattr__(self, "_parts", tuple(_HOLE.split(self.path)))

    def below(self, ids: tuple[str, ...]) -> str:
        """The path with ids in place, each quoted so that it stays one segment."""
        path = self._parts[0]
        for key, part in zip(ids, self._parts[1:], strict=True):
            path += quote(key, safe="@") + part
        return path
