"""The status vocabulary, and each channel's ladder (contract.md §7)."""

from collections.abc import Mapping
from enum import StrEnum


class Channel(StrEnum):
    """How a step reaches its recipient."""

    SMS = "Sms"
    VIBER = "Viber"
    VOICE = "Voice"


class Status(StrEnum):
    """Where a step stands. One word for all channels; `named` gives the channel's spelling."""

    QUEUED = "Queued"  # the provider took it
    SENT = "Sent"  # the provider says that it left
    INITIATED = "Initiated"
    RINGING = "Ringing"
    IN_PROGRESS = "InProgress"
    DELIVERED = "Delivered"
    SEEN = "Seen"
    COMPLETED = "Completed"
    UNDELIVERED = "Undelivered"
    EXPIRED = "Expired"
    FAILED = "Failed"
    UNSENT = "Unsent"  # no money
    BUSY = "Busy"
    NO_ANSWER = "NoAnswer"
    TERMINATED = "Terminated"  # the money ran out during the call


SUCCESSES = frozenset({Status.DELIVERED, Status.SEEN, Status.COMPLETED})
SHORT_OF_MONEY = frozenset({Status.UNSENT, Status.TERMINATED})
UNDER_WAY = frozenset(
    {Status.QUEUED, Status.SENT, Status.INITIATED, Status.RINGING, Status.IN_PROGRESS}
)

# From the lowest rung to the highest. A report moves a step up or does nothing, so any order,
# repetition or contradiction of reports ends on the same rung. Failures stand below the success:
# a message that was delivered once has been delivered.
_LADDERS: Mapping[Channel, tuple[Status, ...]] = {
    Channel.SMS: (
        Status.QUEUED,
        Status.SENT,
        Status.UNSENT,
        Status.FAILED,
        Status.UNDELIVERED,
        Status.DELIVERED,
    ),
    Channel.VIBER: (
        Status.QUEUED,
        Status.SENT,
        Status.UNSENT,
        Status.FAILED,
        Status.UNDELIVERED,
        Status.EXPIRED,
        Status.DELIVERED,
        Status.SEEN,
    ),
    Channel.VOICE: (
        Status.QUEUED,
        Status.INITIATED,
        Status.RINGING,
        Status.IN_PROGRESS,
        Status.UNSENT,
        Status.FAILED,
        Status.NO_ANSWER,
        Status.BUSY,
        Status.TERMINATED,
        Status.COMPLETED,
    ),
}

# With expireOnDelivery a delivered message is still waiting to be seen (contract.md §7.5).
_VIBER_UNTIL_SEEN = (
    Status.QUEUED,
    Status.SENT,
    Status.DELIVERED,
    Status.UNSENT,
    Status.FAILED,
    Status.UNDELIVERED,
    Status.EXPIRED,
    Status.SEEN,
)


def ladder(channel: Channel, until_seen: bool = False) -> tuple[Status, ...]:
    """The channel's statuses from the lowest to the highest."""
    if channel is Channel.VIBER and until_seen:
        return _VIBER_UNTIL_SEEN
    return _LADDERS[channel]


def rises(channel: Channel, until_seen: bool, old: Status | None, new: Status) -> bool:
    """Whether `new` stands higher than `old`; a status of another channel never does."""
    rungs = ladder(channel, until_seen)
    return new in rungs and (old is None or rungs.index(new) > rungs.index(old))


def is_final(status: Status | None, until_seen: bool = False) -> bool:
    """Whether the step waits no longer."""
    if status is None or status in UNDER_WAY:
        return False
    return not (until_seen and status is Status.DELIVERED)


def named(channel: Channel, status: Status) -> str:
    """The status as the wire spells it: Viber in capitals, the others in title case (§6.3)."""
    return status.upper() if channel is Channel.VIBER else str(status)
