"""Who may have a step that is being sent."""

from alembic import op
from sqlalchemy import Column, String

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Note of each send whose it is."""
    op.add_column("sends", Column("provider", String(32)))
