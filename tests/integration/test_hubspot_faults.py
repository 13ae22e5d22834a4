"""Reads through trouble: HTML, half pages, empty bodies, locks, spent days, cut connections."""

from __future__ import annotations

import httpx2
import pytest

from rolecall.hubspot import Policy, Reader, errors
from rolecall.kit.errors import Retryable
from tests.support.hubspot import a_bench, canned


class TestBoundedRetries:
    @pytest.mark.parametrize(
        ("kind", "phase"),
        [
            ("500_json", "before"),
            ("502_html", "before"),
            ("503_html", "before"),
            ("504_html", "after_commit"),
            ("521_cloudflare", "before"),
            ("cut", "before"),
            ("answer_lost", "after_commit"),
            ("half_answer", "after_commit"),
            ("html_200", "after_commit"),
            ("empty_body", "after_commit"),
            ("423_locked", "before"),
            ("477_migration", "before"),
            ("429_burst", "before"),
        ],
    )
    async def test_a_read_survives_three_failures(self, kind: str, phase: str) -> None:
        """Nothing is lost and nothing doubled; the pauses are bounded."""
        bench = a_bench(seed="acme")
        bench.fault(kind, "users.list", phase=phase, times=3)
        users = [user async for page in bench.reader.users() for user in page.items]

        assert len({user.id for user in users}) == len(users) > 100
        assert bench.connection.counts.requests == 5
        assert 0 < bench.connection.counts.waited < 45

    @pytest.mark.parametrize(
        ("kind", "phase", "expected"),
        [
            ("502_html", "before", errors.Unavailable),
            ("cut", "before", errors.Unreachable),
            ("html_200", "after_commit", errors.Unreadable),
            ("empty_body", "after_commit", errors.Unreadable),
            ("423_locked", "before", errors.Unavailable),
        ],
    )
    async def test_lasting_trouble_ends_in_a_clear_error(
        self, kind: str, phase: str, expected: type[errors.HubSpotError]
    ) -> None:
        """Five tries, then an error that names the call and can be tried again later."""
        bench = a_bench()
        bench.fault(kind, "users.list", phase=phase)

        with pytest.raises(expected, match="/settings/users/2026-09") as caught:
            await anext(aiter(bench.reader.users()))
        assert isinstance(caught.value, Retryable)
        assert bench.connection.counts.requests == Policy().attempts

    async def test_pages_before_the_trouble_are_delivered(self) -> None:
        """A caller that checkpoints keeps what it has."""
        bench = a_bench(seed="acme", policy=Policy(attempts=1))
        pages = aiter(bench.reader.users(limit=10, prefetch=1))
        first = await anext(pages)
        bench.fault("502_html", "users.list")

        with pytest.raises(errors.Unavailable):
            _ = [page async for page in pages]
        assert len(first.items) == 10

    async def test_unknown_fields_change_nothing(self) -> None:
        """HubSpot adds fields without asking."""
        bench = a_bench()
        plain = [page async for page in bench.reader.users()]
        bench.fault("unknown_fields", "users.list", phase="after_commit")

        assert plain == [page async for page in bench.reader.users()]


class TestOddAnswers:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b"{",
            b'{"results":[{"id":1}]}',
            b"\xff\xfe",
            b"<html>",
            b'{"results":',
        ],
    )
    async def test_no_body_of_a_200_crashes_a_read(self, body: bytes) -> None:
        """A body that is not what was promised is Unreadable, never another exception."""
        headers = {"content-type": "application/json"}
        connection, _ = canned(lambda _: httpx2.Response(200, headers=headers, content=body))

        with pytest.raises(errors.Unreadable):
            await anext(aiter(Reader(connection).users()))

    async def test_a_redirect_is_not_followed(self) -> None:
        """A token goes to the address it was given for, and nowhere else."""
        asked: list[str] = []

        def answer(request: httpx2.Request) -> httpx2.Response:
            asked.append(request.url.host)
            return httpx2.Response(302, headers={"location": "http://evil.test/"})

        connection, _ = canned(answer)

        with pytest.raises(errors.Unreadable, match="redirect"):
            await Reader(connection).permission_sets()
        assert set(asked) == {"hubspot.test"}

    async def test_a_cursor_that_repeats_does_not_loop(self) -> None:
        """An endless list ends in an error instead of an endless sync."""
        following = {None: "7", "7": "8", "8": "7"}

        def answer(request: httpx2.Request) -> httpx2.Response:
            after = following[request.url.params.get("after")]
            return httpx2.Response(200, json={"results": [], "paging": {"next": {"after": after}}})

        connection, _ = canned(answer)

        with pytest.raises(errors.Unreadable, match="repeats"):
            async for _ in Reader(connection).users():
                pass
        assert connection.counts.requests == 3

    async def test_a_long_retry_after_is_handed_to_the_caller(self) -> None:
        """A migration of a day is not slept through."""
        headers = {"retry-after": "86400"}
        connection, clock = canned(lambda _: httpx2.Response(477, headers=headers))
        before = clock.now()

        with pytest.raises(errors.Unavailable) as caught:
            await Reader(connection).permission_sets()
        assert caught.value.retry_after == 86400
        assert clock.now() == before

    async def test_the_token_is_in_no_error(self) -> None:
        """Not even when HubSpot repeats it to us."""
        connection, _ = canned(
            lambda request: httpx2.Response(
                400, json={"message": f"bad: {request.headers['authorization']}"}
            )
        )

        with pytest.raises(errors.Invalid) as caught:
            await Reader(connection).permission_sets()
        shown = f"{caught.value!r} {caught.value} {caught.value.failure}"
        assert "secret" not in shown
        assert "secret" not in repr(connection.auth)


class TestSpentDay:
    async def test_the_caller_learns_until_when(self) -> None:
        """Daily limit: no waiting by itself, the portal's midnight is named, nobody is pestered."""
        bench = a_bench()
        bench.fault("429_daily")

        with pytest.raises(errors.DailyLimitReached) as caught:
            await bench.reader.permission_sets()
        # START is 13:00 in Berlin.
        assert caught.value.retry_after == pytest.approx(11 * 3600, abs=5)

        with pytest.raises(errors.DailyLimitReached):
            await bench.reader.account_details()
        assert len(bench.paths()) == 1

    async def test_a_patient_caller_waits_for_tomorrow(self) -> None:
        """With the policy set, the read goes on after midnight."""
        bench = a_bench(policy=Policy(wait_for_tomorrow=True))
        bench.fault("429_daily", times=1)

        assert await bench.reader.permission_sets() is not None
        assert bench.connection.counts.waited >= 11 * 3600

    async def test_a_search_429_waits_a_second(self) -> None:
        """The search limit is its own; the burst of other calls is not held."""
        bench = a_bench()
        bench.fault("429_search", "*search*", times=1)
        assert await bench.reader.crm_count("contacts") >= 0

        assert bench.connection.counts.refused == 1
        assert bench.connection.counts.waited == pytest.approx(1, abs=0.3)

    async def test_limits_that_never_end_are_an_error(self) -> None:
        """Strangers who eat the whole burst for minutes are reported."""
        bench = a_bench()
        bench.fault("429_burst")

        with pytest.raises(errors.RateLimited) as caught:
            await bench.reader.permission_sets()
        assert caught.value.failure.policy == "TEN_SECONDLY_ROLLING"
