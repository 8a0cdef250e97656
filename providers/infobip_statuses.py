"""What Infobip's statuses and errors mean in our words.

Source: Infobip, "Response status and error codes" (general, voice and chat codes), July 2026.
Viber's errors are among the chat codes; none of them is Viber's alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.status import SUCCESSES, UNDER_WAY, Channel, Status
from providers.base import StatusWord


@dataclass(frozen=True)
class Table:
    """One channel's words.

    By a status's id; for ids that are not there by its group's; and by an error's id, which says
    more of a failure than its status. There is no word for the group DELIVERED: one of its two
    statuses is not final.
    """

    statuses: Mapping[int, StatusWord]
    groups: Mapping[int, StatusWord]
    errors: Mapping[int, StatusWord] = field(default_factory=dict)


@dataclass(frozen=True)
class Code:
    """A status and an error as Infobip tells them."""

    group: int
    status: int
    error: int = 0


def _each(word: StatusWord, ids: Sequence[int]) -> Mapping[int, StatusWord]:
    return dict.fromkeys(ids, word)


SENT = StatusWord(Status.SENT, "Sent")
REFUSED = StatusWord(Status.FAILED, "Message Rejected")
SEEN = StatusWord(Status.SEEN, "Seen")

SMS = Table(
    statuses={
        2: SENT,  # DELIVERED_TO_OPERATOR
        5: StatusWord(Status.DELIVERED, "Delivered"),
        4: StatusWord(Status.UNDELIVERED, "Message Rejected"),  # by the operator
        8: StatusWord(Status.FAILED, "Unknown Number"),  # REJECTED_PREFIX_MISSING
        10: StatusWord(Status.FAILED, "DND Error Code"),
        21: StatusWord(Status.FAILED, "Failed"),  # REJECTED_SYSTEM_ERROR
        29: StatusWord(Status.UNDELIVERED, "Unknown Status"),  # EXPIRED_DLR_UNKNOWN
        31: StatusWord(Status.FAILED, "Failed"),  # UNDELIVERABLE_NOT_SENT
        52: StatusWord(Status.FAILED, "Unknown Number"),  # REJECTED_DESTINATION
        87: REFUSED,  # SIGNALS_BLOCKED, of the groups EXPIRED and REJECTED
    },
    groups={
        1: SENT,
        2: StatusWord(Status.UNDELIVERED, "Undelivered"),
        4: StatusWord(Status.UNDELIVERED, "Expired"),
        5: REFUSED,
    },
    errors={
        **_each(StatusWord(Status.UNDELIVERED, "Unknown Number"), (1, 5, 351, 352, 3041)),
        **_each(
            StatusWord(Status.UNDELIVERED, "Undelivered on Handset"),
            (6, 7, 12, 27, 31, 32, 33, 256, 257, 258, 628, 629),
        ),
        **_each(StatusWord(Status.UNDELIVERED, "Roaming"), (8,)),
        **_each(StatusWord(Status.UNDELIVERED, "Call Barred"), (9, 11, 13, 566, 569, 573, 603)),
        **_each(
            StatusWord(Status.UNDELIVERED, "Carrier Violation"), (541, 542, 560, 561, 604, 607)
        ),
        **_each(StatusWord(Status.UNDELIVERED, "DND Error Code"), (2050,)),
        **_each(StatusWord(Status.UNDELIVERED, "Expired"), (811, 4098, 4100, 4101)),
    },
)

VIBER = Table(
    statuses={
        2: SENT,
        5: StatusWord(Status.DELIVERED, "Delivered"),
        4: StatusWord(Status.UNDELIVERED, "Message Rejected"),
        8: StatusWord(Status.FAILED, "Not Viber User"),
        10: StatusWord(Status.FAILED, "Opted Out"),
        21: StatusWord(Status.FAILED, "System Failure"),
        31: StatusWord(Status.FAILED, "System Failure"),
        52: StatusWord(Status.FAILED, "Not Viber User"),
        87: REFUSED,
    },
    groups={
        1: SENT,
        2: StatusWord(Status.UNDELIVERED, "System Failure"),
        4: StatusWord(Status.EXPIRED, "TTL Expired"),
        5: REFUSED,
    },
    errors={
        **_each(StatusWord(Status.UNDELIVERED, "Not Viber User"), (1, 5, 7002)),
        **_each(StatusWord(Status.UNDELIVERED, "Opted Out"), (603, 2050, 7003)),
        **_each(StatusWord(Status.UNDELIVERED, "Unsupported Equipment"), (7020, 7025, 7201)),
        **_each(REFUSED, (7005, 7006, 7007, 7008, 7009, 7010, 7015, 7016, 7022, 7026, 7027)),
        **_each(StatusWord(Status.FAILED, "Timed Out"), (2048, 7051)),
        **_each(
            StatusWord(Status.FAILED, "System Failure"), (7012, 7013, 7014, 7050, 7052, 7080, 7082)
        ),
        **_each(StatusWord(Status.EXPIRED, "TTL Expired"), (4098, 4100, 4101)),
    },
)

CALLED = StatusWord(Status.INITIATED, "Initiated")
BUSY = StatusWord(Status.BUSY, "Busy")
NO_ANSWER = StatusWord(Status.NO_ANSWER, "No Answer")
FAILED = StatusWord(Status.FAILED, "Failed")
TIMED_OUT = StatusWord(Status.FAILED, "Timed Out")
MACHINE = StatusWord(Status.NO_ANSWER, "Answering Machine")

MACHINES = frozenset({5001, 10002})
"""The errors that say that a machine answered, whatever the status says."""

VOICE = Table(
    statuses={
        2: CALLED,
        5: StatusWord(Status.COMPLETED, "Completed"),
        21: FAILED,
        96: NO_ANSWER,
        97: BUSY,
        98: FAILED,  # CANCELLED
        99: BUSY,  # REJECTED by whoever was called: networks do not tell it from busy
    },
    groups={1: CALLED, 2: FAILED, 4: TIMED_OUT, 5: REFUSED},
    errors={
        **_each(MACHINE, tuple(MACHINES)),
        **_each(BUSY, (5002, 5487, 5603, 10201, 10203)),
        **_each(NO_ANSWER, (5003, 5408, 5480, 10200, 10204, 10307)),
    },
)

STATUSES: Mapping[Channel, Table] = {
    Channel.SMS: SMS,
    Channel.VIBER: VIBER,
    Channel.VOICE: VOICE,
}

DUPLICATE = 23
"""REJECTED_DUPLICATE_MESSAGE_ID: they had the message already. Nothing has become of it by that."""

TAKEN = frozenset({0, 1, 3})
"""The groups of an answer that accepts: OK, PENDING and DELIVERED."""

FOR_THE_RECIPIENT = frozenset({8, 10, 14, 52, 87})
"""Refused for the sake of the number: unknown, barred by its owner or an operator, or fraud.

Every other refusal is of our account, its credit, its senders and networks, or of Infobip's own.
"""


def meaning(channel: Channel, code: Code, machine: bool = False) -> StatusWord | None:
    """Our word; None for an unknown one. `machine`: a machine answered the call."""
    table = STATUSES[channel]
    word = table.statuses.get(code.status) or table.groups.get(code.group)
    if word is None or word.status in UNDER_WAY:
        return word
    if word.status in SUCCESSES:
        return MACHINE if machine or code.error in MACHINES else word
    return table.errors.get(code.error, word)
