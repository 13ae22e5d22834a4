"""Numbers as people type them on the command line, within what anybody could mean."""

from __future__ import annotations

import click


class Whole(click.IntRange):
    """A whole number."""

    name = "number"


class Number(click.types.FloatParamType):
    """A number, whole or not."""

    name = "number"


# A hundred years: beyond, calendars end and a slip of the finger is meant.
LONGEST_DAYS = 36_500
DAYS = Whole(1, LONGEST_DAYS)
DAYS_AGO = Whole(0, LONGEST_DAYS)
# What JavaScript, and so HubSpot, keeps exactly.
HUBSPOT_ID = Whole(1, 2**53 - 1)
MOST = Whole(0, 1_000_000)
