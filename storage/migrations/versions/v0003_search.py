"""What flows are searched by; the flows on record are brought along."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, SmallInteger, String

revision = "0003"
down_revision = "0002"

ON_SQLITE = (
    "CREATE VIRTUAL TABLE recipients_trigrams"
    " USING fts5(number, content='', columnsize=0, tokenize='trigram')",
    "INSERT INTO recipients_trigrams (rowid, number) SELECT id, number || ' ' FROM recipients",
    "CREATE TRIGGER recipients_added AFTER INSERT ON recipients BEGIN"
    " INSERT INTO recipients_trigrams (rowid, number) VALUES (new.id, new.number || ' ');"
    " END",
    "CREATE TRIGGER recipients_removed AFTER DELETE ON recipients BEGIN"
    " INSERT INTO recipients_trigrams (recipients_trigrams, rowid, number)"
    " VALUES ('delete', old.id, old.number || ' ');"
    " END",
    "CREATE TRIGGER recipients_changed AFTER UPDATE OF number ON recipients BEGIN"
    " INSERT INTO recipients_trigrams (recipients_trigrams, rowid, number)"
    " VALUES ('delete', old.id, old.number || ' ');"
    " INSERT INTO recipients_trigrams (rowid, number) VALUES (new.id, new.number || ' ');"
    " END",
    # Nobody analyses this database, and without statistics SQLite walks an account for a number.
    # So it is told: rows in all, and rows with the same first column, first two, and so on.
    "ANALYZE sqlite_schema",
    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES"
    " ('recipients', 'recipients_by_flow', '1000000 1 1'),"
    " ('recipients', 'recipients_by_time', '1000000 50000 2000 1 1 1 1'),"
    " ('recipients', 'recipients_by_number', '1000000 50000 3')",
)

ON_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX recipients_trigrams ON recipients"
    " USING gin (number gin_trgm_ops) WITH (fastupdate = off)",
)

NUMBERS = """
    CREATE TEMPORARY TABLE numbers_0002 AS
    SELECT DISTINCT tracking_id, lower(number) AS number FROM recipients
"""

# The facet's digits are those of tracking/facets.py. A sealed content has no quotes, so the text
# of a flow says `"channel":"Sms"` of its steps only.
ROWS = """
    INSERT INTO recipients (tracking_id, number, place, account, created_at, facet)
    SELECT flows.tracking_id,
           coalesce(numbered.number, ''),
           CASE WHEN coalesce(numbered.many, 1) = 1 THEN 0 ELSE numbered.place END,
           flows.account,
           flows.created_at,
           CASE WHEN flow LIKE '%"channel":"Sms"%' THEN 1000 ELSE 0 END
           + CASE WHEN flow LIKE '%"channel":"Viber"%' THEN 2000 ELSE 0 END
           + CASE WHEN flow LIKE '%"channel":"Voice"%' THEN 4000 ELSE 0 END
           + CASE WHEN kind = 'standard' THEN 100 ELSE 0 END
           + CASE status
               WHEN 'InProgress' THEN 10 WHEN 'Succeeded' THEN 20 WHEN 'Failed' THEN 30 ELSE 0
             END
           + CASE channel WHEN 'Sms' THEN 1 WHEN 'Viber' THEN 2 WHEN 'Voice' THEN 3 ELSE 0 END
    FROM flows LEFT JOIN (
        SELECT tracking_id,
               number,
               row_number() OVER (PARTITION BY tracking_id ORDER BY number) AS place,
               count(*) OVER (PARTITION BY tracking_id) AS many
        FROM numbers_0002
    ) AS numbered ON numbered.tracking_id = flows.tracking_id
    ORDER BY flows.created_at
"""


def upgrade() -> None:
    """Make `recipients` anew, fill it from what is on record, and index its numbers' trigrams."""
    sqlite = op.get_context().dialect.name == "sqlite"
    op.execute(NUMBERS)
    op.drop_table("recipients")
    number = String(255) if sqlite else String(255, collation="C")
    op.create_table(
        "recipients",
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("tracking_id", String(36), nullable=False),
        Column("number", number, nullable=False),
        Column("place", SmallInteger, nullable=False),
        Column("account", String(64), nullable=False),
        Column("created_at", String(24), nullable=False),
        Column("facet", Integer, nullable=False),
    )
    op.execute(ROWS)
    op.execute("DROP TABLE numbers_0002")
    op.create_index("recipients_by_flow", "recipients", ["tracking_id", "number"], unique=True)
    op.create_index(
        "recipients_by_time",
        "recipients",
        ["account", "facet", "created_at", "tracking_id", "place", "number"],
    )
    op.create_index("recipients_by_number", "recipients", ["account", "number"])
    for statement in ON_SQLITE if sqlite else ON_POSTGRESQL:
        op.execute(statement)
