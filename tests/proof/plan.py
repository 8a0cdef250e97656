"""What a seed draws: the rounds, each with its fault, its moment and its flows. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Literal, Protocol

from accounts.demonstration import PIN
from tests.samples import sms, viber, viber_message, voice

Channel = Literal["Sms", "Viber", "Voice"]

SCRIPTS = (
    "0101", "0102", "0103", "0105", "0108", "0109", "0110", "0111", "0112", "0113", "0114", "0115",
    "0117",
)  # fmt: skip
"""Recipients with whom most steps are over within seconds (docs/sandbox.md)."""

SLOW = ("0104", "0106", "0107", "0116", "0118")
"""Those on whom a step may take its whole ttl."""

SILENT_CALLS = ("0106", "0107", "0118")
"""Who is silent when called, or late: a quarter of an hour passes before that counts as failed."""

LASTS = 4.0
"""Seconds over which a round's flows are started."""

BAITS = 50
"""The first place of a round's baits: flows started only to have work where a fault strikes."""


@dataclass(frozen=True)
class FlowPlan:
    """A flow before it is posted, `after` so many seconds of its round.

    `place` is its own. From the sequence number `gone` on, its receiver answers 410. Its steps
    have the shortest ttls, so many times as `stretch` says. `secret` marks all that nobody but
    client, provider and receiver may ever see of it.
    """

    place: int
    after: float
    digits: str
    channels: Sequence[Channel]
    strategy: Literal["OnStep", "OnCompletion"] | None = "OnStep"
    kind: Literal["transactional", "standard"] = "transactional"
    pin: bool = False
    gone: int | None = None
    stretch: int = 1

    @property
    def number(self) -> str:
        """The recipient."""
        return f"+3069{self.place % 10_000:04}{self.digits}"

    @property
    def secret(self) -> str:
        """Digits that stand in every text of the flow, and are its pin."""
        return f"735190{self.place:06}"

    @property
    def path(self) -> str:
        """Where its callbacks go, at the receiver."""
        return f"/gone/{self.gone}/{self.place}" if self.gone else f"/flows/0/{self.place}"

    @property
    def door(self) -> str:
        """The endpoint that it is posted to."""
        return "/failover/transactional" if self.kind == "transactional" else "/failover"

    @property
    def ttls(self) -> float:
        """Seconds that its steps may take in all."""
        return sum(TTLS[channel] for channel in self.channels) * self.stretch

    def body(self, receiver: str) -> dict[str, Any]:
        """What is posted; `receiver` is the origin of who is called back."""
        told = {"strategy": self.strategy, "url": receiver + self.path}
        callback = {"callback": told} if self.strategy else {}
        return {"flow": [self._step(channel) for channel in self.channels], **callback}

    def _step(self, channel: Channel) -> dict[str, Any]:
        text = f"Parcel {self.secret} is ready"
        if channel == "Sms":
            return sms(self.number, ttl=self.stretch, message={"body": text})
        if channel == "Voice":
            said = {"type": "SAY", "message": {"language": "en-GB", "text": text}}
            return voice(self.number, dialPlan={"verbs": [said]})
        ttl = self.stretch / 2
        if self.kind == "standard":
            return viber_message(self.number, ttl=ttl, message={"text": text})
        if self.pin:
            filled = {"pin": self.secret}
            return viber(self.number, ttl=ttl, templateId=PIN.id, templateParams=filled)
        filled = {"customer_name": self.secret, "order_id": "7731"}
        return viber(self.number, ttl=ttl, templateParams=filled)

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def read(cls, written: dict[str, Any]) -> "FlowPlan":
        """The plan that was written so."""
        return cls(**{**written, "channels": tuple(written["channels"])})


TTLS = {"Viber": 30.0, "Sms": 60.0, "Voice": 15 * 60.0}
"""Seconds: the shortest that a client may ask for, and of calls, where nobody asks, our guard."""


class Kind(Protocol):
    """What the plan must know of a fault.

    `once`: it is played once in a run, however many rounds there are. `calls`: whether calls may be
    under way meanwhile: a step that becomes uncertain is over after its ttl, and theirs is long.
    """

    @property
    def name(self) -> str:
        """What it is called in plan and report."""
        ...

    @property
    def once(self) -> bool:
        """Whether one round is enough."""
        ...

    @property
    def calls(self) -> bool:
        """Whether calls may be under way."""
        ...


@dataclass(frozen=True)
class Round:
    """One fault amid traffic: it strikes `moment` seconds after the round began.

    What the fault itself draws, it draws from `seed`.
    """

    number: int
    fault: str
    seed: str
    moment: float
    flows: Sequence[FlowPlan]

    def bait(self, count: int, digits: str, *channels: Channel) -> FlowPlan:
        """The round's bait of that number."""
        return FlowPlan(
            self.number * 100 + BAITS + count, 0.0, digits, channels or ("Viber", "Sms")
        )


def drawn(seed: str, rounds: int, kinds: Sequence[Kind], *, calls: bool = True) -> Sequence[Round]:
    """So many rounds: each kind has its turn before any has its next.

    Those that are played once come in the first turn. Without `calls` nobody is called.
    """
    random = Random(seed)  # noqa: S311  nothing is secret here
    order: list[Kind] = []
    while kinds and len(order) < rounds:
        deck = [kind for kind in kinds if not kind.once or not order]
        random.shuffle(deck)
        order += deck
    return [
        Round(
            number=number,
            fault=kind.name,
            seed=f"{seed} {number}",
            moment=random.uniform(0.2, 1.5),
            flows=_flows(random, number, calls and kind.calls),
        )
        for number, kind in enumerate(order[:rounds])
    ]


def _flows(random: Random, number: int, calls: bool) -> Sequence[FlowPlan]:
    count = random.randint(6, 12)
    return [_flow(random, number * 100 + place, calls) for place in range(count)]


def _flow(random: Random, place: int, calls: bool) -> FlowPlan:
    digits = random.choice(SCRIPTS if random.random() < 0.8 else SLOW)
    known: tuple[Channel, ...] = ("Viber", "Sms")
    if calls and digits not in SILENT_CALLS:
        known = (*known, "Voice")
    channels = tuple(random.choices(known, k=random.choices((1, 2, 3), (3, 5, 2))[0]))
    strategy = random.choices(("OnStep", "OnCompletion", None), (6, 3, 1))[0]
    kind = random.choices(("transactional", "standard"), (3, 1))[0]
    return FlowPlan(
        place=place,
        after=random.uniform(0, LASTS),
        digits=digits,
        channels=channels,
        strategy=strategy,  # type: ignore[arg-type]  # one of those above
        kind=kind,  # type: ignore[arg-type]
        pin=kind == "transactional" and random.random() < 0.3,
        gone=random.randint(1, 4) if strategy and random.random() < 0.06 else None,
    )
