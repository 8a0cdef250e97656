"""Judges flows from outside only: by the provider, the callbacks' receiver and the public API."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.demonstration import ACME, BALANCES, PRICES
from sandbox.scripts import row_for
from tests.conftest import until
from tests.kills.site import Site
from tests.money import Books, books

OVER = ("Succeeded", "Failed")

GRACE = 150.0
"""Seconds after the last kill within which every flow ends: both ttls, and a callback's retry."""


@dataclass(frozen=True)
class Seen:
    """A flow at the end of the run.

    `messages` and `requests` count by step what the recipient got, and what the provider may have
    taken; `shown` is what the API says, `callbacks` what arrived, in that order.
    """

    flow: str
    digits: str
    shown: Mapping[str, Any]
    messages: Mapping[int, int]
    requests: Mapping[int, int]
    callbacks: Sequence[Mapping[str, Any]]

    @property
    def ended(self) -> bool:
        """Whether the API says so."""
        return self.shown["status"] in OVER

    @property
    def steps(self) -> Sequence[str]:
        """The status of each step that was attempted."""
        return [each["status"]["name"] for each in self.shown["messages"]]

    @property
    def terminal(self) -> int:
        """How many terminal callbacks there were; the same one twice is one."""
        return len({each["sequence"] for each in self.callbacks if each["status"] in OVER})

    @property
    def price(self) -> Decimal:
        """What its attempted steps cost."""
        prices = {str(price.channel): price.price for price in PRICES}
        return sum((prices[each["type"]] for each in self.shown["messages"]), Decimal(0))

    def faults(self, dedupes: bool) -> Sequence[str]:
        """Every rule that it broke, in words."""
        broken = {
            "did not end": not self.ended,
            "more than one message for a step": max(self.messages.values(), default=0) > 1,
            "a step was lost": dedupes and any(not self._sent(order) for order in self._orders),
            "a forgetful provider was asked twice": not dedupes
            and max(self.requests.values(), default=0) > 1,
            "two channels delivered": self._went_on,
            "ended otherwise than its recipient's script": not self._ends_as_it_must(dedupes),
            f"{self.terminal} terminal callbacks": self.terminal != 1,
            "callbacks out of order": self._out_of_order,
            "a callback was not repeated byte by byte": self._changed,
            "the last callback says otherwise": not self._told_how_it_ended,
        }
        return [f"{self.flow} ({self.digits}): {what}" for what, holds in broken.items() if holds]

    @property
    def _orders(self) -> Sequence[int]:
        return range(1, len(self.steps) + 1)

    def _sent(self, order: int) -> bool:
        return self.messages.get(order, 0) > 0

    @property
    def _went_on(self) -> bool:
        """Whether a step followed one that was delivered, and whose provider said so."""
        lines = row_for(self.digits).scripts["Viber"].lines
        reported = any(line.reported and line.status == "delivered" for line in lines)
        delivered = self.steps[:1] in (["Delivered"], ["Seen"]) or (reported and self._sent(1))
        return delivered and len(self.steps) > 1

    def _ends_as_it_must(self, dedupes: bool) -> bool:
        if self.digits == "0118":
            return True  # it is delivered for who asks; a killed question is not asked again
        if not dedupes and self.steps and not self._sent(len(self.steps)):
            return True  # nobody knows whether it was sent, so nobody sends it
        return bool(self.shown["status"] == ("Failed" if self.digits == "0105" else "Succeeded"))

    @property
    def _firsts(self) -> Mapping[int, Mapping[str, Any]]:
        firsts: dict[int, Mapping[str, Any]] = {}
        for each in self.callbacks:
            firsts.setdefault(each["sequence"], each)
        return firsts

    @property
    def _out_of_order(self) -> bool:
        return list(self._firsts) != sorted(self._firsts)

    @property
    def _changed(self) -> bool:
        return any(each != self._firsts[each["sequence"]] for each in self.callbacks)

    @property
    def _told_how_it_ended(self) -> bool:
        firsts = self._firsts
        return bool(firsts) and firsts[max(firsts)]["status"] == self.shown["status"]


async def judged(site: Site) -> Sequence[Seen]:
    """Every flow, once all have ended and been told, or the grace is over."""
    with suppress(TimeoutError):
        await until(lambda: _are_told(site), GRACE, every=0.5)
    messages = counted(await site.inbox())
    requests = counted([each for each in await site.requests() if each["answered"] != 429])
    return [
        Seen(
            flow,
            digits,
            await _shown(site, flow),
            messages.get(flow, {}),
            requests.get(flow, {}),
            site.made.sink.received.get(flow, ()),
        )
        for flow, digits in site.flows.items()
    ]


async def account(site: Site, flows: Sequence[Seen]) -> tuple[Books, Decimal]:
    """The account's books, and what must be left in it: all steps but refused ones are owed."""
    owed = sum((each.price for each in flows), Decimal(0))
    return await books(site.made.database, ACME.account), BALANCES[ACME.account] - owed


async def _are_told(site: Site) -> bool:
    received = site.made.sink.received
    told = [any(each["status"] in OVER for each in received.get(flow, ())) for flow in site.flows]
    return all(told) and all([(await _shown(site, flow))["status"] in OVER for flow in site.flows])


async def _shown(site: Site, flow: str) -> Mapping[str, Any]:
    answer = await site.made.api.get(f"/failover/tracking/{flow}")
    answer.raise_for_status()
    shown: Mapping[str, Any] = answer.json()
    return shown


def counted(references: Sequence[Any]) -> Mapping[str, Mapping[int, int]]:
    """How often each step is referred to, by flow and order."""
    counted: dict[str, dict[int, int]] = {}
    for each in references:
        flow, _, order = each["reference"].rpartition(".")
        steps = counted.setdefault(flow, {})
        steps[int(order)] = steps.get(int(order), 0) + 1
    return counted
