"""What a seed draws: each round's phase of a send in which its worker is killed, and its flows."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Phase(StrEnum):
    """Where in its work a worker is killed."""

    UNDECLARED = "before the intent"
    CONNECTING = "intent, not connected"
    UNARRIVED = "connected, request on its way"
    TAKEN = "taken, not answered"
    ON_THE_WAY = "answer on its way"
    IN_HAND = "answer arrived, not kept"
    KEPT = "kept, engine not told"
    ASKING = "during ask"
    PUBLISHING = "during publish"
    RANDOM = "any moment under load"


STEADY = ("0101", "0102", "0105", "0108", "0114", "0115", "0117")
"""Recipients whose provider answers at once."""

UNANSWERED = ("0109", "0112")
"""Those whose provider takes the message long before it answers, if ever."""

HARD = (*STEADY, *UNANSWERED, "0110", "0111")
"""All with whom a flow ends before any ttl."""

LONGEST = 1.0
"""Seconds after a phase is reached at which the kill comes at the latest."""

LOAD_LASTS = 1.5
"""Seconds that a burst of flows keeps a worker busy: within them a kill at any moment comes."""


@dataclass(frozen=True)
class Round:
    """One kill: its phase, the flows under way, and the moment in seconds after the phase began.

    `lost`: what is held back at the kill is lost with the worker, else it arrives after it.
    """

    phase: Phase
    moment: float
    lost: bool
    digits: Sequence[str]
    on_step: Sequence[bool]


def drawn(seed: str, rounds: int) -> Sequence[Round]:
    """So many rounds; each phase has its turn once in every ten of them."""
    random = Random(seed)  # noqa: S311  nothing is secret here
    plan: list[Round] = []
    while len(plan) < rounds:
        deck = list(Phase)
        random.shuffle(deck)
        plan += [_round(random, phase) for phase in deck]
    return plan[:rounds]


def _round(random: Random, phase: Phase) -> Round:
    digits = _digits(random, phase)
    return Round(
        phase=phase,
        moment=random.uniform(0, LOAD_LASTS if phase is Phase.RANDOM else LONGEST),
        lost=random.random() < 0.5,
        digits=digits,
        on_step=[random.random() < 0.5 for _ in digits],
    )


def _digits(random: Random, phase: Phase) -> Sequence[str]:
    if phase is Phase.ASKING:
        return ("0104", "0118")
    if phase is Phase.RANDOM:
        return random.choices(HARD, k=12)
    pool = UNANSWERED if phase is Phase.TAKEN else STEADY
    return random.choices(pool, k=3)
