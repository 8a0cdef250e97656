"""Our tables. The engine keeps the flows; these are for reading, and for sending only once."""

from datetime import UTC, datetime

from sqlalchemy import Column, Dialect, Index, Integer, MetaData, String, Table, Text, TypeDecorator

from domain.wire import iso


class Instant(TypeDecorator[datetime]):
    """A UTC moment as ISO 8601 text with milliseconds: reads and sorts alike on every database."""

    impl = String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """To the database."""
        return iso(value) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return datetime.fromisoformat(value).astimezone(UTC) if value else None


metadata = MetaData()

flows = Table(
    "flows",
    metadata,
    Column("tracking_id", String(36), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("application", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("channel", String(8)),
    Column("seq", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("request", String(64), nullable=False),
    Column("flow", Text, nullable=False),
    Column("progress", Text, nullable=False),
)
"""A snapshot of each flow, made by its workflow; contents and addresses are sealed."""

recipients = Table(
    "recipients",
    metadata,
    Column("tracking_id", String(36), primary_key=True),
    Column("number", String(255), primary_key=True),
    Index("recipients_by_number", "number"),
)
"""The one place where full numbers stand in clear: clients search by them."""

reports = Table(
    "reports",
    metadata,
    Column("tracking_id", String(36), primary_key=True),
    Column("order", Integer, primary_key=True),
    Column("status", String(16), primary_key=True),
    Column("report", Text, nullable=False),
)
"""What providers reported: one line for each step and status, never changed."""

sends = Table(
    "sends",
    metadata,
    Column("reference", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("answer", Text),
    Column("updated_at", Instant, nullable=False),
)
"""The intent to send each step, written before the request is."""
