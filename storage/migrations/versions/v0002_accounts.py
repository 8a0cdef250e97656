"""Accounts, applications, senders, templates, prices and the ledger."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    String,
    Text,
)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of accounts and money; amounts are whole millionths."""
    op.create_table(
        "accounts",
        Column("id", String(64), primary_key=True),
        Column("balance", BigInteger, nullable=False),
        Column("created_at", String(24), nullable=False),
        CheckConstraint("balance >= 0", name="never_below_zero"),
    )
    op.create_table(
        "applications",
        Column("id", String(64), primary_key=True),
        Column("account", String(64), ForeignKey("accounts.id"), nullable=False, index=True),
        Column("name", String(100), nullable=False),
        Column("roles", Text, nullable=False),
        Column("scopes", Text, nullable=False),
        Column("token_lifetime", Integer, nullable=False),
        Column("transcode", Boolean, nullable=False),
        Column("default_sender", String(16)),
        Column("callback_secret", Text),
        Column("destinations", Text, nullable=False),
        Column("daily_cap", BigInteger),
        Column("created_at", String(24), nullable=False),
    )
    op.create_table(
        "secrets",
        Column("application", String(64), ForeignKey("applications.id"), primary_key=True),
        Column("digest", String(64), primary_key=True),
        Column("created_at", String(24), nullable=False),
        Column("expires_at", String(24)),
    )
    op.create_table(
        "sender_infos",
        Column("id", String(36), primary_key=True),
        Column("account", String(64), ForeignKey("accounts.id"), nullable=False, index=True),
        Column("name", String(100), nullable=False),
        Column("state", String(16), nullable=False),
    )
    op.create_table(
        "templates",
        Column("account", String(64), ForeignKey("accounts.id"), primary_key=True),
        Column("id", String(36), primary_key=True),
        Column("languages", Text, nullable=False),
        Column("otp", Boolean, nullable=False),
    )
    op.create_table(
        "prices",
        Column("account", String(64), primary_key=True),
        Column("channel", String(8), primary_key=True),
        Column("country", String(2), primary_key=True),
        Column("price", BigInteger, nullable=False),
    )
    op.create_table(
        "ledger",
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("account", String(64), ForeignKey("accounts.id"), nullable=False, index=True),
        Column("application", String(64)),
        Column("tracking_id", String(36)),
        Column("order", Integer),
        Column("kind", String(8), nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("at", String(24), nullable=False),
    )
    op.create_index("ledger_by_step", "ledger", ["tracking_id", "order"])
    op.create_table(
        "spending",
        Column("application", String(64), primary_key=True),
        Column("day", String(10), primary_key=True),
        Column("amount", BigInteger, nullable=False),
    )
