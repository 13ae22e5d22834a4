"""Requirement packs: listed, read from files and folders, and checked for users, teams and sets.

Reads only; what a pack lacks is given by a plan (services.pack_drafts).
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rolecall.domain.actor import Actor
from rolecall.domain.snapshot import Snapshot, User
from rolecall.kit.errors import NotThere, Refused
from rolecall.permissions.pack import Pack
from rolecall.permissions.pack_check import (
    PackResult,
    Verdict,
    check_set,
    check_users,
    verdicts_of,
)
from rolecall.permissions.pack_file import PackProblems, read_pack
from rolecall.permissions.packs import pack_named, read_packs
from rolecall.policy.problems import named_among
from rolecall.services.app import App
from rolecall.services.permissions.answers import Standpoint, age_of, set_in, standpoint_of, user_in
from rolecall.services.permissions.book import catalogue_of
from rolecall.sources import shipped

_FOLDER = "packs"  # the operator's own packs, below the installation's directory


@dataclass(frozen=True, slots=True)
class ListedPack:
    """A pack, its text, and where it is from."""

    pack: Pack
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class PackList:
    """All packs by id, and what is wrong with those that cannot be used."""

    packs: tuple[ListedPack, ...]
    broken: tuple[PackProblems, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom to check; nobody named = everybody who can sign in. Names are names or ids."""

    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    connected: bool = False  # leave out what only setting up needs


@dataclass(frozen=True, slots=True)
class PackAnswer:
    """Verdicts of one pack, users in the order asked for."""

    standpoint: Standpoint
    pack: Pack
    users: tuple[PackResult, ...]
    sets: tuple[PackResult, ...]

    @property
    def ready(self) -> bool:
        """Everybody asked for is ready."""
        return all(one.verdict is Verdict.READY for one in (*self.users, *self.sets))


def list_packs(app: App, extra: Iterable[Path] = ()) -> PackList:
    """The shipped packs, the installation's own and those of files and folders; later ones win."""
    own = app.home / _FOLDER
    texts = shipped.pack_texts((*((own,) if own.is_dir() else ()), *extra))
    catalogue = catalogue_of(app)
    found: dict[str, ListedPack] = {}
    broken: list[PackProblems] = []
    for where, text in texts.items():
        packs, bad = read_packs({where: text}, catalogue)
        broken += bad
        found.update({key: ListedPack(pack, text, where) for key, pack in packs.items()})
    return PackList(tuple(found.values()), tuple(broken))


def find_pack(app: App, wanted: str, extra: Iterable[Path] = ()) -> ListedPack:
    """The pack of a name or id, or in a YAML file; PackProblems with every mistake of that file."""
    path = Path(wanted)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return _from_file(app, path)
    if path.is_dir():
        raise Refused(f"{wanted} is a folder of packs", hint="name one of them, with --from FOLDER")
    listed = list_packs(app, extra)
    by_id = {one.pack.id: one for one in listed.packs}
    broken = [one for one in listed.broken if wanted.casefold() in str(one).casefold()]
    if broken and wanted not in by_id:
        raise broken[0]
    return by_id[pack_named({key: one.pack for key, one in by_id.items()}, wanted).id]


def find_known_pack(app: App, pack_id: str) -> ListedPack:
    """The pack of this id, shipped or the installation's own; never a path of a caller's choice."""
    found = next((one for one in list_packs(app).packs if one.pack.id == pack_id), None)
    if found is None:
        raise NotThere(f"There is no pack {pack_id}", hint="list the packs for their ids")
    return found


def _from_file(app: App, path: Path) -> ListedPack:
    if not path.is_file():
        raise Refused(f"no pack at {path}", hint="`rolecall pack init` writes one to begin with")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    return ListedPack(read_pack(text, catalogue_of(app), str(path)), text, str(path))


async def check_pack(app: App, actor: Actor, name: str, pack: Pack, asked: Asked) -> PackAnswer:
    """Each user's verdict, and each set's under a Core seat; Refused for names that are not there."""
    seen = await standpoint_of(app, actor, name)
    users: tuple[PackResult, ...] = ()
    if asked.users or asked.teams or not asked.sets:
        chosen = _chosen(seen, asked)
        users = tuple(check_users(seen.resolver, pack, chosen, connected=asked.connected))
    sets = tuple(
        check_set(seen.resolver, pack, set_in(seen.snapshot, wanted)) for wanted in asked.sets
    )
    return PackAnswer(seen, pack, users, sets)


@dataclass(frozen=True, slots=True)
class PackPage:
    """One page of people with what each of them lacks; `counts` are of everybody."""

    rests_on: str
    counts: Mapping[Verdict, int]
    total: int  # of whom the filter lets through
    results: tuple[PackResult, ...]


async def pack_page(
    app: App,
    actor: Actor,
    name: str,
    pack: Pack,
    *,
    verdict: str = "",
    search: str = "",
    limit: int = 50,
    skip: int = 0,
) -> PackPage:
    """Who is ready for a pack: everybody counted, and only who is shown is looked at line by line."""
    seen = await standpoint_of(app, actor, name)
    judged = await asyncio.to_thread(_judged, seen, pack)
    wanted = search.casefold()
    fits = [
        user
        for user, one in zip(judged.people, judged.verdicts, strict=True)
        if (not verdict or one == verdict) and wanted in user.email.casefold()
    ]
    shown = tuple(check_users(seen.resolver, pack, fits[skip : skip + limit]))
    return PackPage(age_of(seen), judged.counts, len(fits), shown)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Everybody's verdict on one pack, by one standpoint."""

    standpoint: Standpoint
    pack: Pack
    people: tuple[User, ...]
    verdicts: tuple[Verdict, ...]
    counts: Mapping[Verdict, int]


_JUDGED: OrderedDict[tuple[int, str], _Judged] = OrderedDict()
_REMEMBERED = 8  # packs whose verdicts are kept: about 1 MB for 50,000 people each


def _judged(seen: Standpoint, pack: Pack) -> _Judged:
    """What was worked out for the page before still holds while nothing it rests on changed."""
    key = (seen.portal.hub_id, pack.id)
    known = _JUDGED.get(key)
    if known is None or known.standpoint is not seen or known.pack != pack:
        people = seen.people
        verdicts = tuple(verdicts_of(seen.resolver, pack, people))
        counted = Counter(verdicts)
        counts = {one: counted[one] for one in Verdict}
        known = _JUDGED[key] = _Judged(seen, pack, people, verdicts, counts)
        while len(_JUDGED) > _REMEMBERED:
            _JUDGED.popitem(last=False)
    return known


def _chosen(seen: Standpoint, asked: Asked) -> tuple[User, ...]:
    if not asked.users and not asked.teams:
        return seen.people
    named = [user_in(seen.snapshot, who) for who in asked.users]
    teams = frozenset[str]().union(*(_below(seen.snapshot, team) for team in asked.teams))
    members = [one for one in seen.people if teams & {one.main_team_id, *one.extra_team_ids}]
    return tuple({one.id: one for one in (*named, *members)}.values())


def _below(snapshot: Snapshot, wanted: str) -> frozenset[str]:
    """The team of this name or id and all teams below it; Refused names the nearest."""
    ids = {one.id for one in snapshot.teams if wanted.casefold() in (one.id, one.name.casefold())}
    if not ids:
        names = [one.name for one in snapshot.teams]
        raise Refused(f"no team is called {wanted}", hint=named_among(wanted, names))
    while True:
        more = {one.id for one in snapshot.teams if one.parent_id in ids} - ids
        if not more:
            return frozenset(ids)
        ids |= more
