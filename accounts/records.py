"""What the door asks about accounts, answered from the database."""

import hashlib
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application, SenderInfo, SenderState, Template
from accounts.lifetimes import lives
from storage.engine import reading_once
from storage.tables import applications, secrets, sender_infos, templates

NUL = "\0"
"""What no id holds, and PostgreSQL takes in no parameter."""


def digest(secret: str) -> str:
    """What is kept of a secret: 64 hex digits. Found by equality, so nothing leaks by timing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Accounts:
    """Reads applications, senders and templates.

    Every method raises SQLAlchemyError when the database is away.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def authenticated(self, application_id: str, secret: str) -> Application | None:
        """The application, if that is a secret of its."""
        if NUL in application_id:
            return None
        query = (
            select(applications)
            .join(secrets, secrets.c.application == applications.c.id)
            .where(
                applications.c.id == application_id,
                secrets.c.digest == digest(secret),
                lives(secrets),
            )
        )
        row = await self._first(query)
        return application_of(row) if row else None

    async def application(self, application_id: str) -> Application | None:
        """The application, if there is one."""
        async with reading_once(self._engine) as connection:
            row = (await connection.execute(_APPLICATION, {"of": application_id})).first()
        return application_of(row) if row else None

    async def sender_info(self, account: str, sender_id: str) -> SenderInfo | None:
        """The account's own active sender of that id."""
        if NUL in sender_id:
            return None
        row = await self._first(
            select(sender_infos).where(
                sender_infos.c.id == sender_id.strip().lower(),
                sender_infos.c.account == account,
                sender_infos.c.state == SenderState.ACTIVE,
            )
        )
        return sender_of(row) if row else None

    async def template(self, account: str, template_id: str) -> Template | None:
        """The account's own registered template of that id."""
        row = await self._first(
            select(templates).where(
                templates.c.id == template_id.strip().lower(), templates.c.account == account
            )
        )
        return template_of(row) if row else None

    async def _first(self, query: Select[Any]) -> Row[Any] | None:
        async with reading_once(self._engine) as connection:
            found: Row[Any] | None = (await connection.execute(query)).first()
        return found


_APPLICATION = select(applications).where(applications.c.id == bindparam("of"))


def application_of(row: Row[Any]) -> Application:
    """A row of `applications`."""
    return Application(
        id=row.id,
        account=row.account,
        roles=tuple(row.roles.split()),
        scopes=tuple(row.scopes.split()),
        token_lifetime=row.token_lifetime,
        name=row.name,
        transcode=row.transcode,
        default_sender=row.default_sender,
        destinations=tuple(row.destinations.split()),
        daily_cap=row.daily_cap,
    )


def sender_of(row: Row[Any]) -> SenderInfo:
    """A row of `sender_infos`."""
    return SenderInfo(row.id, row.account, row.name, SenderState(row.state))


def template_of(row: Row[Any]) -> Template:
    """A row of `templates`."""
    return Template(row.id, row.account, tuple(row.languages.split()), row.otp)
