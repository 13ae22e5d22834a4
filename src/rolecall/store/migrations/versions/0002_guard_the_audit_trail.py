"""Refuse changes to the audit trail, begin its chain, and reserve quota in one round trip."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
ON_SQLITE = (
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {REFUSE}",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {REFUSE}",
)
# The row lock is taken before the clock is read; `quota.granted` is the same arithmetic.
RESERVE = """
CREATE FUNCTION reserve_quota(wanted text, most integer, width bigint, guard bigint)
RETURNS TABLE (wait bigint, used integer) LANGUAGE plpgsql AS $$
DECLARE
  times bigint[]; held bigint; moment bigint; now_at bigint;
BEGIN
  INSERT INTO quota (key, grants, held_until) VALUES (wanted, '', 0) ON CONFLICT (key) DO NOTHING;
  SELECT string_to_array(nullif(grants, ''), ' ')::bigint[], held_until INTO times, held
    FROM quota WHERE key = wanted FOR UPDATE;
  times := coalesce(times, ARRAY[]::bigint[]);
  now_at := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  moment := greatest(now_at, held, coalesce(times[cardinality(times)], 0));
  IF cardinality(times) >= most THEN
    moment := greatest(moment, times[cardinality(times) - most + 1] + width + guard);
  END IF;
  times := times || moment;
  times := times[greatest(1, cardinality(times) - most + 1):];
  UPDATE quota SET grants = array_to_string(times, ' ') WHERE key = wanted;
  RETURN QUERY SELECT moment - now_at,
    (SELECT count(*)::integer FROM unnest(times) AS t WHERE t > moment - width);
END $$
"""
ON_POSTGRES = (
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    RESERVE,
)


def upgrade() -> None:
    """Forward; there is no way back but a backup."""
    zeros = "0" * 64
    op.execute(f"INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '{zeros}')")  # noqa: S608
    statements = ON_POSTGRES if op.get_bind().dialect.name == "postgresql" else ON_SQLITE
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
