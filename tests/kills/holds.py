"""Brings a worker into a phase of its work, and keeps it there by holding what it depends on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress

from tests.conftest import until
from tests.kills.plan import Phase, Round
from tests.kills.site import Site

REACHED = 30.0
"""Seconds within which every flow of a round is where its worker is to be killed."""

ASKED = 15.0
"""Seconds after a ttl within which the provider is asked, be it by another worker."""

Flows = Sequence[str]
Hold = Callable[[Site, Round, AsyncExitStack], Awaitable[Flows]]
"""Returns the flows; what the stack holds is let go when the worker is dead."""


async def posted(site: Site, drawn: Round) -> Flows:
    """Start the round's flows."""
    pairs = zip(drawn.digits, drawn.on_step, strict=True)
    return [await site.post(digits, on_step=on_step) for digits, on_step in pairs]


async def _undeclared(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """The database is locked while the worker sleeps, so that it wakes up to that."""
    await site.asleep()
    flows = await posted(site, drawn)
    await stack.enter_async_context(site.unwritable())
    site.worker.wake()
    await _at(site, flows, "send_step")
    return flows


async def _connecting(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """The provider takes no connection, and those that were open are closed."""
    provider = site.made.provider
    await provider.block()
    stack.callback(provider.unblock)
    await provider.cut()
    flows = await posted(site, drawn)
    await until(lambda: provider.hanging >= len(flows), REACHED, every=0.1)
    return flows


async def _unarrived(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """What the worker writes stays on the wire."""
    provider = site.made.provider
    provider.requests.clear()
    flows = await posted(site, drawn)
    await until(lambda: provider.held >= len(flows), REACHED, every=0.1)
    return flows


async def _taken(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """The provider has the message and does not answer: its report is held, or it never does."""
    flows = await posted(site, drawn)
    await _in_inbox(site, flows)
    return flows


async def _on_the_way(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """What the provider answers stays on the wire."""
    site.made.provider.answers.clear()
    flows = await posted(site, drawn)
    await _answered(site, flows)
    return flows


async def _in_hand(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """The answer arrives, and the database is locked."""
    flows = await _on_the_way(site, drawn, stack)
    await stack.enter_async_context(site.unwritable())
    site.made.provider.answers.set()
    await until(lambda: not site.made.provider.held, REACHED, every=0.1)
    return flows


async def _kept(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """The answer is kept, and nothing reaches the engine any more."""
    flows = await _on_the_way(site, drawn, stack)
    site.engine.requests.clear()
    site.made.provider.answers.set()

    async def kept() -> bool:
        return all([await site.made.intents(flow) == ["answered"] for flow in flows])

    await until(kept, REACHED, every=0.1)
    return flows


async def _publishing(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """The callback stays on the wire, or its answer does."""
    gate = site.callbacks.requests if drawn.lost else site.callbacks.answers
    gate.clear()
    site.made.reports.requests.set()
    flows = await posted(site, drawn)
    await _at(site, flows, "publish")
    await until(lambda: site.callbacks.held >= len(flows), REACHED, every=0.1)
    return flows


async def _random(site: Site, drawn: Round, stack: AsyncExitStack) -> Flows:
    """Nothing is held: the worker wakes up to all the flows at once."""
    site.made.reports.requests.set()
    await site.asleep()
    flows = await posted(site, drawn)
    site.worker.wake()
    return flows


async def asking(site: Site, flows: Flows) -> None:
    """A flow's ttl is about over: the question stays on the wire.

    A dead worker's flows come to it at different times. None at all is no hit.
    """
    site.made.reports.requests.set()
    site.made.provider.requests.clear()

    async def asked() -> bool:
        return bool(await site.under_way(flows, "ask")) and site.made.provider.held > 0

    with suppress(TimeoutError):
        await until(asked, ASKED, every=0.1)


HOLDS: Mapping[Phase, Hold] = {
    Phase.UNDECLARED: _undeclared,
    Phase.CONNECTING: _connecting,
    Phase.UNARRIVED: _unarrived,
    Phase.TAKEN: _taken,
    Phase.ON_THE_WAY: _on_the_way,
    Phase.IN_HAND: _in_hand,
    Phase.KEPT: _kept,
    Phase.PUBLISHING: _publishing,
    Phase.RANDOM: _random,
}


async def _at(site: Site, flows: Flows, name: str) -> None:
    async def at() -> bool:
        tasks = await site.under_way(flows, name)
        return {task.flow for task in tasks} == set(flows)

    await until(at, REACHED, every=0.1)


async def _in_inbox(site: Site, flows: Flows) -> None:
    wanted = {f"{flow}.1" for flow in flows}

    async def there() -> bool:
        return wanted <= {each["reference"] for each in await site.inbox()}

    await until(there, REACHED, every=0.1)


async def _answered(site: Site, flows: Flows) -> None:
    wanted = {f"{flow}.1" for flow in flows}

    async def there() -> bool:
        seen = await site.requests()
        return wanted <= {each["reference"] for each in seen if each["answered"]}

    await until(there, REACHED, every=0.1)
