"""What becomes of a message, by the last four digits of its recipient: the table, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal

Channel = Literal["Sms", "Viber", "Voice"]

NOT_VIBER = "Not Viber User"
UNKNOWN_NUMBER = "Unknown Number"


class Answer(Enum):
    """How a request to send is answered."""

    ACCEPTED = auto()  # 202
    AFTER_REPORT = auto()  # 202, once the first report has been answered
    ERROR = auto()  # 500, to repeats as well
    HANGS = auto()  # not before every client has given up
    THROTTLED = auto()  # 429
    CLOSED = auto()  # no answer: the connection is closed


class Since(Enum):
    """What a line's wait is counted from."""

    LINE = auto()  # the line before; for the first line the accept
    ACCEPT = auto()
    TTL = auto()  # the end of the step's ttl


@dataclass(frozen=True, slots=True)
class Line:
    """One status of a script; `wait` in seconds, None is soon: 50 to 300 ms.

    One that is not `reported` is told only to who asks.
    """

    status: str
    reason: str | None = None
    wait: float | None = None
    since: Since = Since.LINE
    reported: bool = True


@dataclass(frozen=True, slots=True)
class Script:
    """The reports of one message, in order, and how its request is answered.

    `turned_away` answers a reference's first requests; the message is accepted after those.
    """

    lines: tuple[Line, ...] = ()
    answer: Answer = Answer.ACCEPTED
    turned_away: tuple[Answer, ...] = ()


Channels = Mapping[Channel, Script]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `what` says it to a person."""

    what: str
    scripts: Channels


def _says(*statuses: str) -> Script:
    return Script(tuple(Line(status) for status in statuses))


def _keeps(*statuses: str) -> Script:
    return Script(tuple(Line(status, reported=False) for status in statuses))


def _fails(status: str, reason: str | None = None) -> Script:
    return Script((Line(status, reason),))


def _late(scripts: Channels, wait: float) -> Channels:
    """The scripts with their first line that many seconds after the accept."""
    return {
        channel: replace(script, lines=(replace(script.lines[0], wait=wait), *script.lines[1:]))
        for channel, script in scripts.items()
    }


def _answered(scripts: Channels, answer: Answer) -> Channels:
    return {channel: replace(script, answer=answer) for channel, script in scripts.items()}


def _turned_away(scripts: Channels, *answers: Answer) -> Channels:
    return {channel: replace(script, turned_away=answers) for channel, script in scripts.items()}


_SILENT = Script()

_DELIVERS: Channels = {
    "Sms": _says("sent", "delivered"),
    "Viber": _says("delivered", "seen"),
    "Voice": _says("ringing", "completed"),
}
_DELIVERED: Channels = {
    "Sms": _says("delivered"),
    "Viber": _says("delivered"),
    "Voice": _says("ringing", "completed"),
}
_FINAL: Channels = {**_DELIVERED, "Voice": _says("completed")}

ROWS: Mapping[str, Row] = {
    "0101": Row("Everything delivers", _DELIVERS),
    "0102": Row("Not a Viber user", {**_DELIVERS, "Viber": _fails("undelivered", NOT_VIBER)}),
    "0103": Row("Busy when called", {**_DELIVERS, "Voice": _fails("busy")}),
    "0104": Row(
        "Viber silent, no answer when called",
        {**_DELIVERS, "Viber": _SILENT, "Voice": _fails("no-answer")},
    ),
    "0105": Row(
        "Everything fails",
        {
            "Sms": _fails("undelivered", UNKNOWN_NUMBER),
            "Viber": _fails("failed"),
            "Voice": _fails("no-answer"),
        },
    ),
    "0106": Row("Silence", {"Sms": _SILENT, "Viber": _SILENT, "Voice": _SILENT}),
    "0107": Row(
        "Late: Viber past its ttl, the rest after 15 s",
        {
            "Sms": Script((Line("sent"), Line("delivered", wait=15, since=Since.ACCEPT))),
            "Viber": Script((Line("delivered", wait=5, since=Since.TTL),)),
            "Voice": Script((Line("ringing"), Line("completed", wait=15))),
        },
    ),
    "0108": Row(
        "Reports thrice and out of order",
        {
            "Sms": _says(*["delivered"] * 3, *["sent"] * 3),
            "Viber": _says(*["delivered"] * 3, *["sent"] * 3, *["seen"] * 3),
            "Voice": _says(*["completed"] * 3, *["ringing"] * 3),
        },
    ),
    "0109": Row("Report before the answer", _answered(_late(_FINAL, 0), Answer.AFTER_REPORT)),
    "0110": Row("Accepts, answers 500", _answered(_late(_DELIVERED, 2), Answer.ERROR)),
    "0111": Row("429 twice", _turned_away(_DELIVERS, Answer.THROTTLED, Answer.THROTTLED)),
    "0112": Row("Accepts, never answers", _answered(_late(_DELIVERED, 2), Answer.HANGS)),
    "0113": Row("Closes the first connection", _turned_away(_DELIVERS, Answer.CLOSED)),
    "0114": Row(
        "Contrary final reports",
        {
            "Sms": _says("delivered", "undelivered"),
            "Viber": _says("delivered", "undelivered"),
            "Voice": _says("completed", "no-answer"),
        },
    ),
    "0115": Row(
        "An unknown status first",
        {
            "Sms": _says("teleported", "sent", "delivered"),
            "Viber": _says("teleported", "delivered", "seen"),
            "Voice": _says("teleported", "ringing", "completed"),
        },
    ),
    "0116": Row("Viber: 500 and silence", {**_DELIVERS, "Viber": Script(answer=Answer.ERROR)}),
    "0117": Row("Delivered, never read", _DELIVERED),
    "0118": Row(
        "Delivers, reports nothing, says so when asked",
        {"Sms": _keeps("delivered"), "Viber": _keeps("delivered"), "Voice": _keeps("completed")},
    ),
}
"""The table, by last four digits."""


def row_for(recipient: str) -> Row:
    """The row that the recipient's last four digits choose, or the one that delivers.

    Of a SIP address, `sip:user@host` or `user@host`, the user part's digits count.
    """
    user = recipient.removeprefix("sip:").partition("@")[0]
    return ROWS.get(re.sub(r"[^0-9]", "", user)[-4:], ROWS["0101"])
