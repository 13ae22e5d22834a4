"""Log lines: one JSON object each, with what they belong to, without credentials."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from rolecall.kit import logs
from rolecall.kit.errors import Refused
from rolecall.kit.logs import JsonLine, about

LOG = logging.getLogger("rolecall.test")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Where lines of this test go."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLine())
    LOG.addHandler(handler)
    LOG.setLevel(logging.DEBUG)
    yield out
    LOG.removeHandler(handler)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """The lines written so far."""
    return [json.loads(one) for one in out.getvalue().splitlines()]


def test_lines_say_what_they_belong_to(written: io.StringIO) -> None:
    """Inside, and no longer outside; what is empty says nothing."""
    with about(request_id="r-1", correlation_id=""), about(plan="p-1"):
        LOG.info("inside %s", 1)
    LOG.warning("outside")
    inside, outside = lines(written)

    assert ("r-1", "p-1", "inside 1") == (
        inside["request_id"], inside["plan"], inside["message"],
    )  # fmt: skip
    assert "correlation_id" not in inside
    assert {"at", "level", "log", "message"} == outside.keys()


async def test_tasks_take_it_along(written: io.StringIO) -> None:
    """Work begun in a request and going on after it still says so; two requests never mix."""

    async def later(name: str) -> None:
        await asyncio.sleep(0)
        LOG.info(name)

    tasks = []
    for name in ("a", "b"):
        with about(request_id=name):
            tasks.append(asyncio.create_task(later(name)))
    await asyncio.gather(*tasks)

    assert {("a", "a"), ("b", "b")} == {
        (one["message"], one["request_id"]) for one in lines(written)
    }


def test_one_line_whatever_is_said(written: io.StringIO) -> None:
    """Line breaks, quotes, exceptions and unknown values stay within one line of JSON."""
    try:
        raise ValueError('two\nlines "quoted"')
    except ValueError:
        LOG.exception("bad\r\nforged", extra={"facts": {"of": object(), "empty": ""}})
    [line] = lines(written)

    assert "bad\r\nforged" == line["message"]
    assert "ValueError" in line["exception"]
    assert "empty" not in line


def test_credentials_are_struck_out(written: io.StringIO) -> None:
    """Wherever they stand."""
    LOG.info("with pat-na1-1234-5678-9999", extra={"facts": {"sent": "Bearer abcdefgh12345"}})

    assert "1234" not in written.getvalue()
    assert "abcdefgh" not in written.getvalue()


def test_an_error_names_its_kind(written: io.StringIO) -> None:
    """An error of ours is told by kind; nobody else was asked, so there is no id of theirs."""
    LOG.info("refused", extra=logs.of(Refused("no")))
    [line] = lines(written)

    assert "Refused" == line["error"]
    assert "upstream_correlation_id" not in line
