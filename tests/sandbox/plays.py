"""All rows of the table, on all channels, played at once: what is expected, and what happened."""

import asyncio
from dataclasses import dataclass

import httpx

from tests.sandbox.bench import Receiver, Report, Service, serving

CHANNELS = ("Sms", "Viber", "Voice")
VALIDITY = 0.2

SMS, VIBER, VOICE = (["sent", "delivered"], ["delivered", "seen"], ["ringing", "completed"])
CONTRARY = ["delivered", "undelivered"]

# By the last four digits: the reports of Sms, Viber and Voice, in order.
REPORTS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "0101": (SMS, VIBER, VOICE),
    "0102": (SMS, ["undelivered"], VOICE),
    "0103": (SMS, VIBER, ["busy"]),
    "0104": (SMS, [], ["no-answer"]),
    "0105": (["undelivered"], ["failed"], ["no-answer"]),
    "0106": ([], [], []),
    "0107": (SMS, ["delivered"], VOICE),
    "0108": (
        ["delivered"] * 3 + ["sent"] * 3,
        ["delivered"] * 3 + ["sent"] * 3 + ["seen"] * 3,
        ["completed"] * 3 + ["ringing"] * 3,
    ),
    "0109": (["delivered"], ["delivered"], ["completed"]),
    "0110": (["delivered"], ["delivered"], VOICE),
    "0111": (SMS, VIBER, VOICE),
    "0112": (["delivered"], ["delivered"], VOICE),
    "0113": (SMS, VIBER, VOICE),
    "0114": (CONTRARY, CONTRARY, ["completed", "no-answer"]),
    "0115": (["teleported", *SMS], ["teleported", *VIBER], ["teleported", *VOICE]),
    "0116": (SMS, [], VOICE),
    "0117": (["delivered"], ["delivered"], VOICE),
    "0118": ([], [], []),
    "9999": (SMS, VIBER, VOICE),
}  # fmt: skip

# By row, or row and channel: how the requests are answered; None is not at all.
ANSWERS: dict[str, list[int | None]] = {
    "0110": [500],
    "0111": [429, 429, 202],
    "0112": [None],
    "0113": [None, 202],
    "0116 Viber": [500],
}

CASES = [(digits, channel) for digits in REPORTS for channel in CHANNELS]


def reports_of(digits: str, channel: str) -> list[str]:
    """The statuses that this message is to report."""
    return REPORTS[digits][CHANNELS.index(channel)]


def answers_to(digits: str, channel: str) -> list[int | None]:
    """The answers that this message's requests are to get."""
    return ANSWERS.get(f"{digits} {channel}") or ANSWERS.get(digits) or [202]


@dataclass(frozen=True)
class Play:
    """What one message did; `sent` and `answered` by the loop's clock, of its last request."""

    answers: list[int | None]
    reports: list[Report]
    arrived: int
    requests: list[tuple[int, int | None]]
    sent: float
    answered: float


Plays = dict[tuple[str, str], Play]


async def answer_to(service: Service, message: dict[str, object]) -> int | None:
    """The HTTP status of one request, None where the connection was closed or hung."""
    try:
        return (await service.send(message, timeout=2)).status_code
    except (httpx.ReadTimeout, httpx.RemoteProtocolError):
        return None


async def played(service: Service, digits: str, channel: str) -> tuple[str, Play]:
    """Send one message as often as its row needs, and wait for the reports that are to come."""
    loop = asyncio.get_running_loop()
    message = service.message(f"+30690000{digits}", channel=channel, validity=VALIDITY)
    answers: list[int | None] = []
    sent = 0.0
    for _ in answers_to(digits, channel):
        sent = loop.time()
        answers.append(await answer_to(service, message))
    answered = loop.time()
    reference = message["reference"]
    await service.receiver.until(f"/{reference}", len(reports_of(digits, channel)), within=18)
    requests = await service.requests(reference)
    return reference, Play(
        answers, [], len(await service.inbox(reference)), requests, sent, answered
    )


async def play_all(receiver: Receiver) -> Plays:
    """Play all cases; the reports are read when the slowest row is through, after 15 s."""
    async with serving(receiver, dedupes=True) as service:
        done = await asyncio.gather(*(played(service, *case) for case in CASES))
        return {
            case: Play(**{**vars(play), "reports": receiver.got(f"/{reference}")})
            for case, (reference, play) in zip(CASES, done, strict=True)
        }
