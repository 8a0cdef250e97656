"""Who may have a step that is being sent, parts that are reported one by one, conversations."""

from alembic import op
from sqlalchemy import Column, Integer, SmallInteger, String

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Note of each send whose it is; keep parts and conversations."""
    op.add_column("sends", Column("provider", String(32)))
    op.create_table(
        "parts",
        Column("tracking_id", String(36), primary_key=True),
        Column("order", Integer, primary_key=True),
        Column("part", SmallInteger, primary_key=True),
        Column("status", String(16), nullable=False),
        Column("at", String(24), nullable=False),
    )
    op.create_table(
        "conversations",
        Column("pair", String(64), primary_key=True),
        Column("account", String(64), nullable=False),
        Column("tracking_id", String(36), nullable=False, index=True),
        Column("order", Integer, nullable=False),
        Column("at", String(24), nullable=False),
    )
