"""A year of flows, made up but shaped like real ones; the same for the same seed."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.flow import Callback, Flow, Kind, Step, Strategy
from domain.progress import DeliveryReport, Progress
from domain.status import Channel, Status
from domain.wire import iso
from tracking.facets import Facet

ACCOUNT = "acme"
START = datetime(2025, 9, 1, tzinfo=UTC)
YEAR = timedelta(days=365)

KINDS = {Kind.TRANSACTIONAL: 92, Kind.STANDARD: 8}
CHANNELS = {
    (Channel.VIBER, Channel.SMS): 700,
    (Channel.SMS,): 120,
    (Channel.VIBER, Channel.SMS, Channel.VOICE): 80,
    (Channel.SMS, Channel.VOICE): 50,
    (Channel.VIBER,): 45,
    (Channel.VOICE,): 5,
}
COUNTRIES = {"+3069": (8, 80), "+35799": (6, 10), "+447": (9, 6), "+4915": (9, 4)}
"""Prefixes: how many digits follow, and how many of a hundred numbers begin so."""

PEOPLE = 400_000
OTHER_ACCOUNTS = 20
OTHERS = 0.1
"""How many flows the other accounts have, for each of the one's."""
SECOND_NUMBER = 0.02
SIP = 0.003
UNSENT_YET = 60
UNDER_WAY = 500
"""How many of the newest flows are Queued, and how many more InProgress."""

FlowRow = tuple[str | int | None, ...]
RecipientRow = tuple[str | int, ...]


@dataclass(frozen=True)
class Template:
    """The texts of one sort of flows; `@id@`, `@at@` and `@sealed@` stand for what differs."""

    flow: str
    progress: str
    facet: Facet
    seq: int


class Corpus:
    """So many flows of one account, and a tenth as many of others, in the order of time."""

    def __init__(self, flows: int, seed: int = 4) -> None:
        self.flows = flows
        self._random = random.Random(seed)  # noqa: S311  nothing secret
        self._people = [self._number() for _ in range(min(PEOPLE, flows))]
        self._noise = secrets.token_urlsafe(1_000_000)
        self._templates: dict[tuple[object, ...], Template] = {}

    def __len__(self) -> int:
        return int(self.flows * (1 + OTHERS))

    def rows(self) -> Iterator[tuple[FlowRow, list[RecipientRow]]]:
        """Each flow's row, and those of its numbers."""
        pick = self._random
        count = len(self)
        for place in range(count):
            at = START + YEAR * ((place + pick.random()) / count)
            mine = pick.random() < 1 / (1 + OTHERS)
            account = ACCOUNT if mine else f"other-{pick.randrange(OTHER_ACCOUNTS)}"
            template = self._template(self._state(count - place))
            tracking_id = str(UUID(int=pick.getrandbits(128), version=4))
            yield self._rows(template, account, tracking_id, iso(at))

    def _rows(
        self, template: Template, account: str, tracking_id: str, at: str
    ) -> tuple[FlowRow, list[RecipientRow]]:
        facet = template.facet
        row = (
            tracking_id, account, "64d0f2a1c9e77b0012ab34cd", facet.kind, facet.status,
            facet.ended_by, template.seq, at, at, "0" * 64,
            self._filled(template.flow, tracking_id, at), self._filled(template.progress, "", at),
        )  # fmt: skip
        numbers = self._numbers()
        first = 1 if len(numbers) > 1 else 0
        return row, [
            (tracking_id, number, place, account, at, facet.code)
            for place, number in enumerate(numbers, start=first)
        ]

    def _filled(self, text: str, tracking_id: str, at: str) -> str:
        text = text.replace("@id@", tracking_id).replace("2000-01-01T00:00:00.000Z", at)
        while "@sealed@" in text:
            begin = self._random.randrange(len(self._noise) - 600)
            text = text.replace("@sealed@", self._noise[begin : begin + 450], 1)
        return text

    def _numbers(self) -> list[str]:
        pick = self._random
        numbers = {pick.choice(self._people)}
        if pick.random() < SECOND_NUMBER:
            numbers.add(pick.choice(self._people))
        elif pick.random() < SIP:
            numbers.add(f"{pick.randrange(1000, 9999)}@pbx{pick.randrange(50)}.example")
        return sorted(numbers)

    def _number(self) -> str:
        shares = [share for _, share in COUNTRIES.values()]
        [prefix] = self._random.choices(list(COUNTRIES), shares)
        digits = COUNTRIES[prefix][0]
        return prefix + f"{self._random.randrange(10**digits):0{digits}d}"

    def _state(self, left: int) -> tuple[Kind, tuple[Channel, ...], int, bool]:
        """Kind, channels, how many steps have begun, and whether the last of them delivered."""
        pick = self._random
        [kind] = pick.choices(list(KINDS), list(KINDS.values()))
        [channels] = pick.choices(list(CHANNELS), list(CHANNELS.values()))
        if left <= UNSENT_YET:
            return kind, channels, 0, False
        begun = min(len(channels), pick.choices((1, 2, 3), (70, 25, 5))[0])
        if left <= UNSENT_YET + UNDER_WAY:
            return kind, channels, -begun, False
        delivered = pick.random() < (0.93 if begun < len(channels) else 0.85)
        return kind, channels, begun if delivered else len(channels), delivered

    def _template(self, state: tuple[Kind, tuple[Channel, ...], int, bool]) -> Template:
        if state not in self._templates:
            self._templates[state] = template(*state)
        return self._templates[state]


def template(kind: Kind, channels: tuple[Channel, ...], begun: int, delivered: bool) -> Template:
    """The sort of flows of which so many steps have begun; less than 0: the last is not over."""
    at = datetime(2000, 1, 1, tzinfo=UTC)
    steps = tuple(_step(order, channel) for order, channel in enumerate(channels, start=1))
    callback = Callback(strategy=Strategy.ON_COMPLETION, url="@sealed@", origin="https://a.example")
    flow = Flow(
        account=ACCOUNT,
        application="64d0f2a1c9e77b0012ab34cd",
        tracking_id="@id@",
        kind=kind,
        steps=steps,
        callback=callback,
        created_at=at,
        request="0" * 64,
    )
    progress = Progress.of(flow)
    for step in steps[: abs(begun)]:
        progress = progress.begun(step, at)
        last = step.order == abs(begun)
        if last and begun < 0:
            break
        succeeded = Status.COMPLETED if step.channel is Channel.VOICE else Status.DELIVERED
        status = succeeded if last and delivered else Status.FAILED
        progress = progress.after(flow, DeliveryReport(order=step.order, status=status, at=at))
    return Template(
        flow=flow.model_dump_json(),
        progress=progress.model_dump_json(),
        facet=Facet.of(flow, progress),
        seq=progress.seq,
    )


def _step(order: int, channel: Channel) -> Step:
    return Step(
        order=order,
        channel=channel,
        recipient="+3069****0101",
        sender="AcmeShop",
        ttl=600,
        failures=(Status.FAILED, Status.UNDELIVERED, Status.EXPIRED),
        silence=Status.FAILED,
        silence_reason="Expired",
        content="v1.k1.@sealed@",
    )
