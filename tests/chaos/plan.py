"""What is played: the receivers' scripts and every flow, all drawn from one seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.flow import Strategy
from tests.chaos.phases import CALM, NEVER, Script, chaotic
from tests.samples import sms, viber, voice

CONTROL, DEAD = "control", "dead"
"""The receiver that is always healthy, and the one that is not up before the chaos is over."""

STEPS = {"Sms": sms, "Viber": viber, "Voice": voice}

PROMPT = (
    "0101", "0102", "0103", "0105", "0108", "0109", "0110", "0111", "0113", "0114", "0115", "0117",
)  # fmt: skip
"""Recipients of whom something final is reported within seconds (docs/sandbox.md)."""

FAILING = ("0102", "0103", "0105")
"""Those of them on whom a channel, or each, fails at once: the flow goes on to its next step."""

SILENT = ("0104", "0106", "0107", "0116", "0118")
"""Those that are silent, or late, on one channel or all: their ttl is short."""

PATIENCE, SHORT = 20.0, 2.0
"""Seconds of a step's ttl."""


@dataclass(frozen=True)
class FlowPlan:
    """A flow before it is started; `receiver` has its callbacks, at `path`.

    `cancelled` is the moment of its cancellation, in seconds after the start; from the sequence
    number `gone` on its receiver answers 410.
    """

    receiver: str
    path: str
    strategy: Strategy | None
    steps: Sequence[dict[str, Any]]
    ttls: Sequence[float]
    cancelled: float | None
    gone: int | None


@dataclass(frozen=True)
class Plan:
    """Receivers by name, and flows in the order of their start."""

    scripts: Mapping[str, Script]
    flows: Sequence[FlowPlan]


def drawn(seed: str, count: int) -> Plan:
    """So many flows over six receivers."""
    chance = random.Random(seed)  # noqa: S311  nothing is secret here
    scripts = {
        CONTROL: CALM,
        DEAD: NEVER,
        "long-down": chaotic(chance, long=True),
        **{f"chaotic-{each}": chaotic(chance, long=False) for each in (1, 2, 3)},
    }
    return Plan(scripts, [_flow(chance, place, tuple(scripts)) for place in range(count)])


def _flow(chance: random.Random, place: int, receivers: Sequence[str]) -> FlowPlan:
    steps, ttls = [], []
    for _ in range(chance.choices((1, 2, 3, 4), (3, 4, 2, 1))[0]):
        kind = chance.choices((PROMPT, FAILING, SILENT), (45, 35, 20))[0]
        number = f"+30690000{chance.choice(kind)}"
        steps.append(STEPS[chance.choice(tuple(STEPS))](number))
        ttls.append(SHORT if kind is SILENT else PATIENCE)
    strategies = (Strategy.ON_STEP, Strategy.ON_COMPLETION, None)
    gone = chance.randint(1, 4) if chance.random() < 0.06 else None
    return FlowPlan(
        receiver=chance.choice(receivers),
        path=f"/gone/{gone}/{place}" if gone else f"/flows/0/{place}",
        strategy=chance.choices(strategies, (65, 30, 5))[0],
        steps=steps,
        ttls=ttls,
        cancelled=chance.uniform(0, 3) if chance.random() < 0.1 else None,
        gone=gone,
    )
