"""Our tables. The engine keeps the flows; these are for reading, and for sending only once."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
)

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


class Amount(TypeDecorator[Decimal]):
    """Money as whole millionths: adds up exactly on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else int((value * MILLION).to_integral_exact())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value) / MILLION


MILLION = 1_000_000

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
    Column("emptied", Boolean, nullable=False, server_default=false()),
    # Not by the end: an index on what every snapshot changes would cost each of them.
    Index("flows_by_age", "emptied", "status", "created_at"),
)
"""A snapshot of each flow, made by its workflow; contents and addresses are sealed.

`emptied`: the retention has taken the contents.
"""

recipients = Table(
    "recipients",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("tracking_id", String(36), nullable=False),
    # Compared byte by byte, whatever the database's language: so that a beginning is a range.
    Column("number", String(255).with_variant(String(255, "C"), "postgresql"), nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("account", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("facet", Integer, nullable=False),
    Index("recipients_by_flow", "tracking_id", "number", unique=True),
    Index("recipients_by_time", "account", "facet", "created_at", "tracking_id", "place", "number"),
    Index("recipients_by_number", "account", "number"),
)
"""What flows are searched by: a row for each of a flow's numbers, with what else a search asks.

The one place where full numbers stand in clear. `place` counts a flow's numbers from 1; the only
one is 0, and a flow whose content could not be opened has "". `facet` says what kind of flow it is
(`tracking/facets.py`), and follows the flow's snapshots.
"""

TRIGRAMS, END = "recipients_trigrams", " "
"""What numbers contain: a GIN index on PostgreSQL; on SQLite a full-text index of the numbers with
their end marked, kept by triggers. Only the migration says how each is made."""

reports = Table(
    "reports",
    metadata,
    Column("tracking_id", String(36), primary_key=True),
    Column("order", Integer, primary_key=True),
    Column("status", String(16), primary_key=True),
    Column("report", Text, nullable=False),
)
"""What providers reported: one line for each step and status, never changed."""

parts = Table(
    "parts",
    metadata,
    Column("tracking_id", String(36), primary_key=True),
    Column("order", Integer, primary_key=True),
    Column("part", SmallInteger, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("at", Instant, nullable=False),
)
"""The parts of a long Sms, where its provider reports them one by one."""

conversations = Table(
    "conversations",
    metadata,
    Column("pair", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("tracking_id", String(36), nullable=False, index=True),
    Column("order", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)
"""The last Viber step of a sender to a number; `pair` is their HMAC."""

sends = Table(
    "sends",
    metadata,
    Column("reference", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("provider", String(32)),
    Column("answer", Text),
    Column("updated_at", Instant, nullable=False),
)
"""The intent to send each step, written before the request is; `provider` is who may have it."""

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("application", String(64), nullable=False),
    Column("tracking_id", String(36), nullable=False),
    Column("seq", Integer),
    Column("state", String(16), nullable=False),
    Column("replays", SmallInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("attempts", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Index("callbacks_by_flow", "tracking_id"),
    Index("callbacks_by_state", "account", "state", "happened_at"),
    Index("callbacks_by_account", "account", "happened_at"),
    Index("callbacks_by_age", "state", "happened_at"),
)
"""What a client is told of one event: the same bytes on every attempt, sealed like its address.

`id` is the webhook-id; `seq` the flow's, none for a reply; `replays` how often it was asked for
again; `since` when its schedule began; `answer` the last one's body, sealed, cut.
"""

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("balance", Amount, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("balance >= 0", name="never_below_zero"),
)
"""Who pays. The balance is the sum of the account's ledger, kept beside it."""

applications = Table(
    "applications",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("roles", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("token_lifetime", Integer, nullable=False),
    Column("transcode", Boolean, nullable=False),
    Column("default_sender", String(16)),
    Column("destinations", Text, nullable=False),
    Column("daily_cap", Amount),
    Column("created_at", Instant, nullable=False),
)
"""The clients of each account and their settings."""

secrets = Table(
    "secrets",
    metadata,
    Column("application", ForeignKey("applications.id"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)
"""The SHA-256 of each secret: one is random and long, so that no slow hash is needed."""

callback_keys = Table(
    "callback_keys",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("application", ForeignKey("applications.id"), nullable=False, index=True),
    Column("sealed", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)
"""What each application's callbacks are signed with: sealed, several during a rotation."""

sender_infos = Table(
    "sender_infos",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("account", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("state", String(16), nullable=False),
)
"""Viber senders; only an active one may send."""

templates = Table(
    "templates",
    metadata,
    Column("account", ForeignKey("accounts.id"), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("languages", Text, nullable=False),
    Column("otp", Boolean, nullable=False),
)
"""Viber templates that an account registered."""

prices = Table(
    "prices",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("channel", String(8), primary_key=True),
    Column("country", String(2), primary_key=True),
    Column("price", Amount, nullable=False),
)
"""What one message costs, an Sms for each part; "" is everybody, or everywhere."""

ledger = Table(
    "ledger",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("application", String(64)),
    Column("tracking_id", String(36)),
    Column("order", Integer),
    Column("kind", String(8), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ledger_by_step", "tracking_id", "order"),
)
"""Every movement of money, never changed: charges are negative, refunds and top-ups positive."""

spending = Table(
    "spending",
    metadata,
    Column("application", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("amount", Amount, nullable=False),
)
"""What an application spent on each UTC day, for its daily cap."""
