"""Who was written to last by whom: where a reply goes that names no message."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.flow import StepRef
from storage.engine import reading, writing
from storage.keys import Keyring
from storage.statements import insert_into
from storage.tables import conversations


class Conversations:
    """Keeps the last Viber step of each sender to each number whose replies are wanted.

    A sender is called what its provider's replies call it. Number and sender are kept as an HMAC.
    Every method raises SQLAlchemyError when the database is away.
    """

    def __init__(self, engine: AsyncEngine, keys: Keyring) -> None:
        self._engine = engine
        self._keys = keys

    async def note(self, provider: str, sender: str, recipient: str, ref: StepRef) -> None:
        """The step was sent."""
        row = {
            "account": ref.account,
            "tracking_id": ref.tracking_id,
            "order": ref.order,
            "at": datetime.now(UTC),
        }
        async with writing(self._engine) as connection:
            insert = insert_into(connection, conversations)
            insert = insert.values(pair=self._pair(provider, sender, recipient), **row)
            await connection.execute(
                insert.on_conflict_do_update(index_elements=[conversations.c.pair], set_=row)
            )

    async def last(self, provider: str, sender: str, recipient: str) -> StepRef | None:
        """The step that a reply from the recipient answers."""
        pair = self._pair(provider, sender, recipient)
        query = select(conversations).where(conversations.c.pair == pair)
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return StepRef(account=row.account, tracking_id=row.tracking_id, order=row.order)

    def _pair(self, provider: str, sender: str, recipient: str) -> str:
        number = recipient.lstrip("+")
        return self._keys.lasting_digest("conversation", provider, sender, number).hex()
