"""Guard a window only while several clients take from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# The row lock is taken before the clock is read; `quota.granted` is the same arithmetic.
RESERVE = """
CREATE FUNCTION reserve_quota(wanted text, most integer, width bigint, guard bigint, who text)
RETURNS TABLE (wait bigint, used integer) LANGUAGE plpgsql AS $$
DECLARE
  times bigint[]; held bigint; former text; shared bigint; free bigint; moment bigint;
  now_at bigint;
BEGIN
  INSERT INTO quota (key, grants, held_until, holder, shared_until)
    VALUES (wanted, '', 0, '', 0) ON CONFLICT (key) DO NOTHING;
  SELECT string_to_array(nullif(grants, ''), ' ')::bigint[], held_until, holder, shared_until
    INTO times, held, former, shared FROM quota WHERE key = wanted FOR UPDATE;
  times := coalesce(times, ARRAY[]::bigint[]);
  IF cardinality(times) > 0 AND former <> who THEN
    shared := times[cardinality(times)] + width + guard;
  END IF;
  now_at := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  moment := greatest(now_at, held, coalesce(times[cardinality(times)], 0));
  IF cardinality(times) >= most THEN
    free := times[cardinality(times) - most + 1] + width;
    moment := greatest(moment, free);
    IF moment < shared THEN
      moment := greatest(moment, free + guard);
    END IF;
  END IF;
  times := times || moment;
  times := times[greatest(1, cardinality(times) - most + 1):];
  UPDATE quota SET grants = array_to_string(times, ' '), holder = who, shared_until = shared
    WHERE key = wanted;
  RETURN QUERY SELECT moment - now_at,
    (SELECT count(*)::integer FROM unnest(times) AS t WHERE t > moment - width);
END $$
"""


def upgrade() -> None:
    """Forward; there is no way back but a backup. Grants of before count as somebody else's."""
    op.add_column("quota", sa.Column("holder", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "quota", sa.Column("shared_until", sa.BigInteger(), nullable=False, server_default="0")
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION reserve_quota(text, integer, bigint, bigint)")
        op.get_bind().exec_driver_sql(RESERVE)
