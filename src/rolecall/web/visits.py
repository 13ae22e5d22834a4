"""One request of one signed-in operator: who, where, what was typed. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rolecall.domain.actor import Actor, Role
from rolecall.domain.operator import Session
from rolecall.domain.portal import Portal
from rolecall.kit.errors import Refused
from rolecall.services.app import App
from rolecall.services.operators.sign_in import Visitor
from rolecall.services.rights import may_read
from rolecall.web.cookies import Cookies
from rolecall.web.errands import Errands
from rolecall.web.rendering import Pages

# The seven places of the rail: key, word, part of the address.
PLACES = (
    ("o", "Overview", ""),
    ("u", "Users", "users"),
    ("s", "Structure", "structure"),
    ("p", "Plans", "plans"),
    ("r", "Requests", "requests"),
    ("v", "Reviews", "reviews"),
    ("e", "Settings", "settings"),
)
FOR_REQUESTERS = ("requests", "reviews")  # managers review with any role


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page works with."""

    app: App
    pages: Pages
    cookies: Cookies
    errands: Errands


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with its operator; `portals` are those the operator has any role in."""

    desk: Desk
    request: Request
    actor: Actor
    session: Session | None = None
    portals: tuple[Portal, ...] = ()
    portal: Portal | None = None
    form: FormData = field(default_factory=FormData)

    @property
    def app(self) -> App:
        """The installation."""
        return self.desk.app

    @property
    def here(self) -> Portal:
        """The portal of the address."""
        assert self.portal is not None
        return self.portal

    @property
    def name(self) -> str:
        """The name of the portal of the address."""
        return self.here.name

    @property
    def visitor(self) -> Visitor:
        """Where the request comes from."""
        return visitor_of(self.request)

    @property
    def fragment(self) -> bool:
        """Our script asks for a part of the page."""
        return self.request.headers.get("x-rolecall") == "part"

    def path(self, key: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[key])

    def query(self, name: str, default: str = "") -> str:
        """One parameter of the address, trimmed."""
        return self.request.query_params.get(name, default).strip()

    def queries(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [one for one in self.request.query_params.getlist(name) if one]

    def text(self, name: str) -> str:
        """One field of the form, trimmed."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def raw(self, name: str) -> str:
        """One field as typed; line ends as files have them."""
        value = self.form.get(name, "")
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a field, in order."""
        return tuple(one for one in self.form.getlist(name) if isinstance(one, str) and one)

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def day(self, name: str) -> date | None:
        """A date field; Refused when it holds something else."""
        return day_of(self.text(name), name)

    def number(self, name: str) -> int | None:
        """A whole number field; Refused when it holds something else."""
        return number_of(self.text(name), name)

    def file(self, name: str) -> UploadFile | None:
        """An uploaded file, None when nothing was chosen."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def holds(self, *roles: Role) -> bool:
        """The operator holds one of the roles here, or anywhere where there is no portal."""
        hub_ids = [self.portal.hub_id] if self.portal else [*self.actor.roles, 0]
        return any(self.actor.holds(role, hub_id) for role in roles for hub_id in hub_ids)

    @property
    def reads(self) -> bool:
        """The operator may look at the portal, not only ask for access."""
        return self.portal is not None and may_read(self.actor, self.portal.hub_id)

    @property
    def places(self) -> tuple[tuple[str, str, str, bool], ...]:
        """The places of the rail this operator may enter: key, word, address, here."""
        if self.portal is None:
            return (("e", "Settings", "/settings", self.request.url.path.startswith("/settings")),)
        base = f"/p/{self.name}/"
        at = self.request.url.path.removeprefix(base).partition("/")[0]
        return tuple(
            (key, word, base + part, at == part)
            for key, word, part in PLACES
            if self.reads or part in FOR_REQUESTERS
        )

    def url(self, *parts: str, **query: Any) -> str:
        """An address in this portal."""
        base = "/p/" + "/".join((self.name, *parts))
        given = {key: value for key, value in query.items() if value not in ("", None, ())}
        return f"{base}?{urlencode(given, doseq=True)}" if given else base

    def page(self, template: str, status: int = 200, /, **context: Any) -> Response:
        """A rendered page; what the page before had to say is shown once."""
        zone = self.portal.time_zone if self.portal else "UTC"
        said = "" if self.fragment else self.desk.cookies.said(self.request)
        context |= {
            "visit": self,
            "times": self.desk.pages.times(zone),
            "said": said,
            "path": self.request.url.path,
        }
        answer = self.desk.pages.answer(template, status, context)
        if said:
            self.desk.cookies.drop(answer, "said")
        return answer

    def go(self, path: str, said: str = "") -> Response:
        """Send the browser on after a form, with a sentence for the next page."""
        answer = RedirectResponse(path, 303)
        if said:
            self.desk.cookies.say(answer, said)
        return answer


def visitor_of(request: Request) -> Visitor:
    """Where a request comes from, as far as the connection tells."""
    address = request.client.host if request.client else ""
    return Visitor(address, request.headers.get("user-agent", "")[:200])


def day_of(text: str, name: str) -> date | None:
    """A day as browsers send it; None for an empty field."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(f"{name}: {text!r} is not a day", hint="such as 2027-03-31") from None


def number_of(text: str, name: str) -> int | None:
    """A whole number from 0 on; None for an empty field."""
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Refused(f"{name}: {text!r} is not a whole number")
    return int(text)


def kept_query(given: Mapping[str, Any]) -> str:
    """A query string of what is not empty."""
    return urlencode({key: value for key, value in given.items() if value}, doseq=True)
