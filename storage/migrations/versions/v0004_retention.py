"""Which flows are old, and which of those were emptied."""

from alembic import op
from sqlalchemy import Boolean, Column, false

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Note of each flow that it still has its contents."""
    op.add_column("flows", Column("emptied", Boolean, nullable=False, server_default=false()))
    op.create_index("flows_by_age", "flows", ["emptied", "status", "created_at"])
