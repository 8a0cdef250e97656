"""The port: what the rest asks about accounts."""

from dataclasses import dataclass
from typing import Protocol

from domain.status import Channel

SCOPE = "failover"
ROLE = "MT_ROLE_FAILOVER"
CHANNEL_ROLES = {
    Channel.SMS: "MT_ROLE_SMS",
    Channel.VIBER: "MT_ROLE_VIBER",
    Channel.VOICE: "MT_ROLE_VOICE",
}
"""What a flow's application needs: the scope, the role, and each channel's (contract.md §1.2)."""


@dataclass(frozen=True)
class Application:
    """A client of one account. `token_lifetime` is in seconds."""

    id: str
    account: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...] = (SCOPE,)
    token_lifetime: int = 3600


@dataclass(frozen=True)
class SenderInfo:
    """A Viber sender; recipients see its name."""

    id: str
    account: str
    name: str


@dataclass(frozen=True)
class Template:
    """A registered Viber template. An OTP template requires the parameter `pin`."""

    id: str
    account: str
    languages: tuple[str, ...]
    otp: bool = False


class Accounts(Protocol):
    """Answers about accounts; every question names whose answer is wanted."""

    async def authenticated(self, application_id: str, secret: str) -> Application | None:
        """The application, if that is its secret."""
        ...

    async def application(self, application_id: str) -> Application | None:
        """The application, if there is one."""
        ...

    async def sender_info(self, account: str, sender_id: str) -> SenderInfo | None:
        """The account's own active sender of that id."""
        ...

    async def template(self, account: str, template_id: str) -> Template | None:
        """The account's own registered template of that id."""
        ...
