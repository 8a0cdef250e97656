"""Entering and changing accounts, applications, senders, templates and prices.

Each function is part of the caller's transaction. Those that add something raise IntegrityError
where its id exists; those that change or remove something say whether it was there.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Executable, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts import callback_keys, lifetimes
from accounts.base import Application, Price, SenderInfo, SenderState, Template
from accounts.records import application_of, digest, sender_of
from domain.status import Channel
from storage.statements import insert_into
from storage.tables import accounts, applications, prices, secrets, sender_infos, templates


async def open_account(connection: AsyncConnection, account: str) -> bool:
    """Make the account, without money; False if it exists."""
    made = await connection.execute(
        insert_into(connection, accounts)
        .values(id=account, balance=Decimal(0), created_at=datetime.now(UTC))
        .on_conflict_do_nothing()
    )
    return made.rowcount == 1


async def add_application(
    connection: AsyncConnection, application: Application, secret: str
) -> None:
    """Enter the application with its first secret, of which only the digest is kept."""
    await connection.execute(
        applications.insert().values(
            id=application.id,
            account=application.account,
            created_at=datetime.now(UTC),
            **_settings(application),
        )
    )
    await add_secret(connection, application.id, secret)


async def application(connection: AsyncConnection, application_id: str) -> Application | None:
    """The application, if there is one; nobody else changes it before the transaction's end."""
    query = select(applications).where(applications.c.id == application_id).with_for_update()
    row = (await connection.execute(query)).first()
    return application_of(row) if row else None


async def change_application(connection: AsyncConnection, application: Application) -> bool:
    """Keep its settings as they are now; the next request finds them."""
    return await _found(
        connection,
        update(applications)
        .where(applications.c.id == application.id)
        .values(**_settings(application)),
    )


async def remove_application(connection: AsyncConnection, application_id: str) -> bool:
    """Forget it, its secrets and keys: its tokens open nothing any more, its callbacks go unsigned.

    What it sent and paid stays.
    """
    await callback_keys.remove(connection, application_id)
    await connection.execute(delete(secrets).where(secrets.c.application == application_id))
    return await _found(connection, delete(applications).where(applications.c.id == application_id))


async def add_secret(connection: AsyncConnection, application_id: str, secret: str) -> None:
    """Let the application prove itself by this secret, too."""
    await connection.execute(
        secrets.insert().values(
            application=application_id, digest=digest(secret), created_at=datetime.now(UTC)
        )
    )


async def expire_secrets(
    connection: AsyncConnection, application_id: str, until: datetime | None = None
) -> None:
    """End its secrets at that moment, those that end before it then; without a moment, now."""
    await lifetimes.expire(connection, secrets, application_id, until)


async def add_sender(connection: AsyncConnection, sender: SenderInfo) -> None:
    """Enter a Viber sender."""
    await connection.execute(
        sender_infos.insert().values(
            id=sender.id, account=sender.account, name=sender.name, state=sender.state
        )
    )


async def set_sender_state(
    connection: AsyncConnection, sender_id: str, state: SenderState
) -> SenderInfo | None:
    """Let the sender send, or not; None if there is none."""
    changed = (
        update(sender_infos)
        .where(sender_infos.c.id == sender_id)
        .values(state=state)
        .returning(sender_infos)
    )
    row = (await connection.execute(changed)).first()
    return sender_of(row) if row else None


async def add_template(connection: AsyncConnection, template: Template) -> None:
    """Enter a Viber template."""
    await connection.execute(
        templates.insert().values(
            account=template.account,
            id=template.id,
            languages=" ".join(template.languages),
            otp=template.otp,
        )
    )


async def set_price(connection: AsyncConnection, price: Price) -> None:
    """Enter a price, or change it. What is sent from now on costs that much."""
    insert = insert_into(connection, prices).values(
        account=price.account, channel=price.channel, country=price.country, price=price.price
    )
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=[prices.c.account, prices.c.channel, prices.c.country],
            set_={"price": price.price},
        )
    )


async def remove_template(connection: AsyncConnection, account: str, template_id: str) -> bool:
    """Forget a Viber template: it may still be sent, but is no OTP template any more."""
    return await _found(
        connection,
        delete(templates).where(templates.c.account == account, templates.c.id == template_id),
    )


async def remove_price(
    connection: AsyncConnection, channel: Channel, country: str = "", account: str = ""
) -> bool:
    """Forget exactly this price; the next that fits holds, and without one the channel is free."""
    return await _found(
        connection,
        delete(prices).where(
            prices.c.channel == channel, prices.c.country == country, prices.c.account == account
        ),
    )


async def _found(connection: AsyncConnection, change: Executable) -> bool:
    return (await connection.execute(change)).rowcount == 1


def _settings(application: Application) -> dict[str, Any]:
    return {
        "name": application.name,
        "roles": " ".join(application.roles),
        "scopes": " ".join(application.scopes),
        "token_lifetime": application.token_lifetime,
        "transcode": application.transcode,
        "default_sender": application.default_sender,
        "destinations": " ".join(application.destinations),
        "daily_cap": application.daily_cap,
    }
