"""Hands flows to the engine whose callbacks are to be delivered again."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from tracking.reopening import FlowKey
from workflows.client import FlowClient

AT_ONCE = 20
"""How many flows are handed over at a time: each may wait two seconds for an earlier replay."""


async def handed_over(
    flows: FlowClient, reopened: Iterable[FlowKey]
) -> AsyncIterator[Sequence[FlowKey]]:
    """Start each flow's replay; now and then, which ones the engine has taken since.

    Raises:
        Unavailable: the engine is away; the rest waits until it is asked for again.
    """
    keys = list(reopened)
    for first in range(0, len(keys), AT_ONCE):
        batch = keys[first : first + AT_ONCE]
        done = await asyncio.gather(*(flows.replay(*key) for key in batch), return_exceptions=True)
        for outcome in done:
            if outcome is not None:
                raise outcome
        yield batch
