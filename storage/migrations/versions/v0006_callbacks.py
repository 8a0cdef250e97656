"""Callbacks that are kept until they were taken, and the keys that they are signed with."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, SmallInteger, String, Text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Keep callbacks, and several keys for each application."""
    op.create_table(
        "callbacks",
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
        Column("happened_at", String(24), nullable=False),
        Column("since", String(24), nullable=False),
    )
    op.create_index("callbacks_by_flow", "callbacks", ["tracking_id"])
    op.create_index("callbacks_by_state", "callbacks", ["account", "state", "happened_at"])
    op.create_index("callbacks_by_account", "callbacks", ["account", "happened_at"])
    op.create_index("callbacks_by_age", "callbacks", ["state", "happened_at"])
    op.create_table(
        "callback_keys",
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column(
            "application", String(64), ForeignKey("applications.id"), nullable=False, index=True
        ),
        Column("sealed", Text, nullable=False),
        Column("created_at", String(24), nullable=False),
        Column("expires_at", String(24)),
    )
    # Nobody knows when a secret was made; nobody signed with it before now.
    op.execute(
        "INSERT INTO callback_keys (application, sealed, created_at)"
        " SELECT id, callback_secret, created_at FROM applications"
        " WHERE callback_secret IS NOT NULL"
    )
    op.drop_column("applications", "callback_secret")
