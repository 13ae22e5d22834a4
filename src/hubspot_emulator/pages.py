"""HTML pages of the emulator's own screens, rendered from templates with everything escaped."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jinja2

from hubspot_emulator.wire import Answer, ApiError

FORM = "application/x-www-form-urlencoded"
# Screens run no script; a form may lead anywhere, as an authorize page sends people back to apps.
_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
)


def render(package: str, name: str, *, status: int = 200, **values: Any) -> Answer:
    """One page of a package's `templates` folder; `package` as in hubspot_emulator.PACKAGE."""
    body = _environment(package).get_template(name).render(**values)
    return Answer(status, body.encode(), _HEADERS, "text/html;charset=utf-8")


@cache
def _environment(package: str) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader(f"hubspot_emulator.{package}"),
                jinja2.PackageLoader("hubspot_emulator"),
            ]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


def form_of(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form body in order; ApiError 400 when it is no UTF-8."""
    try:
        return parse_qsl(body.decode(), keep_blank_values=True)
    except (UnicodeDecodeError, ValueError) as error:
        raise ApiError(400, f"Invalid form body: {error}") from error
