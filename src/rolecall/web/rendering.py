"""Templates to answers: one environment, escaping always on, words for times, numbers and states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from rolecall.kit.clock import Clock
from rolecall.web import words

PRIVATE = {"cache-control": "no-store"}  # a page left in a cache outlives the session


@lru_cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it."""
    data = (files("rolecall.web") / "static" / name).read_bytes()
    return f"/static/{hashlib.sha256(data).hexdigest()[:12]}/{name}"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one template environment."""
    made = Environment(
        loader=PackageLoader("rolecall.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(asset=asset, icon=words.icon, mark=words.mark)
    made.filters.update(
        number=words.number,
        count=words.count,
        state=words.state_mark,
        severity=words.severity_mark,
        plain=words.plain,
        words=words.words,
        money=words.money,
        shown=words.shown,
        field_word=words.field_word,
        source_word=words.source_word,
        sentence=words.sentence,
        hint_here=words.hint_here,
        browser=words.browser,
        cell=words.cell,
    )
    return made


@dataclass(frozen=True, slots=True)
class Times:
    """Moments as a page writes them, in the zone of the portal, with their age."""

    now: datetime
    zone: str

    def local(self, at: datetime) -> datetime:
        """The moment in the portal's zone; UTC where nobody knows it."""
        try:
            return at.astimezone(ZoneInfo(self.zone))
        except (ZoneInfoNotFoundError, ValueError):
            return at

    def when(self, at: datetime | None, missing: str = "never") -> Markup | str:
        """`3 hours ago`, the exact time on hovering; a dated word for what is long ago."""
        if at is None:
            return missing
        exact = f"{self.local(at):%Y-%m-%d %H:%M} {self.local(at).tzname()}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            at.isoformat(), exact, words.age(self.now, at)
        )

    def moment(self, at: datetime | None, missing: str = "") -> Markup | str:
        """Date and time in full."""
        if at is None:
            return missing
        here = self.local(at)
        return Markup('<time datetime="{}">{} <small>{}</small></time>').format(
            at.isoformat(), f"{here:%Y-%m-%d %H:%M}", here.tzname()
        )

    def day(self, at: datetime | date | None, missing: str = "") -> str:
        """A day."""
        if at is None:
            return missing
        return f"{self.local(at):%Y-%m-%d}" if isinstance(at, datetime) else f"{at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages; knows the clock because every page says how old it is."""

    clock: Clock
    has_provider: bool = False

    def times(self, zone: str) -> Times:
        """Moments in this zone, as of now."""
        return Times(self.clock.now(), zone)

    def answer(self, template: str, status: int, context: Mapping[str, Any]) -> HTMLResponse:
        """A page of a signed-in operator."""
        html = environment().get_template(template).render(**context)
        return HTMLResponse(html, status, PRIVATE)

    def bare(
        self, request: Request, template: str, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """A page of somebody who is not signed in."""
        html = (
            environment()
            .get_template(template)
            .render(path=request.url.path, has_provider=self.has_provider, **context)
        )
        return HTMLResponse(html, status, PRIVATE)
