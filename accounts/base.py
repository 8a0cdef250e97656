"""What is known of those who send: applications, senders, templates, and what they may do."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.status import Channel

SCOPE = "failover"
ROLE = "MT_ROLE_FAILOVER"
CHANNEL_ROLES = {
    Channel.SMS: "MT_ROLE_SMS",
    Channel.VIBER: "MT_ROLE_VIBER",
    Channel.VOICE: "MT_ROLE_VOICE",
}
"""What a flow's application needs: the scope, the role, and each channel's (contract.md §1.2)."""

ALL_ROLES = (ROLE, *CHANNEL_ROLES.values())


@dataclass(frozen=True)
class Application:
    """A client of one account, with its settings.

    `token_lifetime` is in seconds; `transcode` and `default_sender` hold for an Sms that says
    nothing of its own; `destinations` are the prefixes that it may reach (+30, or sip:), none
    meaning all; `daily_cap` is the most that it may spend on a UTC day.
    """

    id: str
    account: str
    roles: tuple[str, ...] = ALL_ROLES
    scopes: tuple[str, ...] = (SCOPE,)
    token_lifetime: int = 3600
    name: str = ""
    transcode: bool = False
    default_sender: str | None = None
    destinations: tuple[str, ...] = ()
    daily_cap: Decimal | None = None

    def reaches(self, recipient: str) -> bool:
        """Whether it may send to that E.164 number or SIP address."""
        target = f"sip:{recipient}" if "@" in recipient else recipient
        return not self.destinations or target.startswith(self.destinations)


class SenderState(StrEnum):
    """Whether a sender may send."""

    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True)
class SenderInfo:
    """A Viber sender; recipients see its name."""

    id: str
    account: str
    name: str
    state: SenderState = SenderState.ACTIVE


@dataclass(frozen=True)
class Template:
    """A registered Viber template. An OTP template requires the parameter `pin`."""

    id: str
    account: str
    languages: tuple[str, ...]
    otp: bool = False


@dataclass(frozen=True)
class Price:
    """What a message costs, an Sms for each part; a blank `account` or `country` means any."""

    channel: Channel
    price: Decimal
    country: str = ""
    account: str = ""
