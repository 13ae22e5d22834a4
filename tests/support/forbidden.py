"""What each role may not do in the console: addresses and forms it is refused."""

from __future__ import annotations

from rolecall.domain.actor import Role

FORBIDDEN = {
    Role.REQUESTER: (
        ("GET", "/p/acme/users"), ("GET", "/p/acme/plans"), ("GET", "/p/acme/structure"),
        ("GET", "/p/acme/settings/audit"), ("GET", "/p/acme/users.csv"), ("POST", "/p/acme/sync"),
    ),
    Role.AUDITOR: (
        ("POST", "/p/acme/sync"), ("POST", "/p/acme/users/plan"), ("POST", "/p/acme/reviews/new"),
        ("GET", "/p/acme/settings/operators"), ("POST", "/p/acme/settings/interval"),
    ),
    Role.REVIEWER: (
        ("POST", "/p/acme/users/plan"), ("POST", "/p/acme/reviews/new"), ("POST", "/portals"),
        ("POST", "/p/acme/structure/people"),
    ),
    Role.APPROVER: (
        ("POST", "/p/acme/settings/reconnect"), ("POST", "/p/acme/settings/operators"),
        ("POST", "/p/acme/reviews/new"), ("POST", "/p/acme/structure/sets/1100001"),
    ),
}  # fmt: skip
TYPED = {
    "user": "ben@tiny.test", "what": "remove", "reason": "r", "title": "T", "minutes": "9",
    "fallback": "x@acme.test", "name": "new", "token": "pat-na1-emulator-tiny", "role": "admin",
    "email": "new@acme.test", "owner": "me", "due_days": "5",
}  # fmt: skip
