"""Snapshots, recipients, reports and the intents to send."""

from alembic import op
from sqlalchemy import Column, Integer, String, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of tracking and sending."""
    op.create_table(
        "flows",
        Column("tracking_id", String(36), primary_key=True),
        Column("account", String(64), nullable=False),
        Column("application", String(64), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("status", String(16), nullable=False),
        Column("channel", String(8)),
        Column("seq", Integer, nullable=False),
        Column("created_at", String(24), nullable=False),
        Column("updated_at", String(24), nullable=False),
        Column("request", String(64), nullable=False),
        Column("flow", Text, nullable=False),
        Column("progress", Text, nullable=False),
    )
    op.create_table(
        "recipients",
        Column("tracking_id", String(36), primary_key=True),
        Column("number", String(255), primary_key=True),
    )
    op.create_index("recipients_by_number", "recipients", ["number"])
    op.create_table(
        "reports",
        Column("tracking_id", String(36), primary_key=True),
        Column("order", Integer, primary_key=True),
        Column("status", String(16), primary_key=True),
        Column("report", Text, nullable=False),
    )
    op.create_table(
        "sends",
        Column("reference", String(64), primary_key=True),
        Column("state", String(16), nullable=False),
        Column("answer", Text),
        Column("updated_at", String(24), nullable=False),
    )
