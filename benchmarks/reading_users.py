"""Reads users one by one, as an apply does, and does nothing else. A child process of `apply`.

`python -m benchmarks.reading_users URL TOKEN TIMES ID...`: each user TIMES times, 8 under way.
"""

from __future__ import annotations

import asyncio
import json
import sys

from rolecall.hubspot import Bearer, Connection, Reader, Sender, Target

TOGETHER = 8


async def read(url: str, token: str, times: int, ids: list[str]) -> int:
    """Requests made."""
    gate = asyncio.Semaphore(TOGETHER)
    async with Sender() as sender:
        reader = Reader(Connection(sender, Bearer(token, "service_key"), Target(url)))

        async def one(user_id: str) -> None:
            async with gate:
                for _ in range(times):
                    await reader.user(user_id)

        await asyncio.gather(*map(one, ids))
        return reader.connection.counts.requests


if __name__ == "__main__":
    url, token, times, *ids = sys.argv[1:]
    print(json.dumps({"requests": asyncio.run(read(url, token, int(times), ids))}))
