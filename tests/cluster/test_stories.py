"""The demonstration's flows on a real cluster, posted to both APIs."""

import asyncio
from collections.abc import Sequence

import pytest

from cli.board import Run
from cli.sink import Sink
from cli.stories import STORIES, Story
from tests.cluster.client import Client
from tests.conftest import until
from tests.kills.conftest import Plays

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

LONGEST = 120.0
"""Seconds after which a flow that has not ended is a fault."""


@pytest.fixture(scope="package")
async def runs(client: Client, sink: Sink, plays: Plays) -> Sequence[Run]:
    """All of them at once, each to its end; the kill rounds take their time meanwhile."""
    assert plays
    return await asyncio.gather(*(_told(client, sink, story) for story in STORIES))


async def _told(client: Client, sink: Sink, story: Story) -> Run:
    body = {"flow": list(story.steps), "callback": {"strategy": "OnStep", "url": sink.url}}
    run = Run(story, await client.post(body, story.path), asyncio.get_running_loop().time())

    async def over() -> bool:
        run.view = dict(await client.tracked(run.tracking_id))
        ended = run.status in {"Succeeded", "Failed"}
        return ended and not sink.faults(run.tracking_id, run.status)

    await until(over, LONGEST, every=0.2)
    run.judge()
    run.faults += sink.faults(run.tracking_id, run.status)
    return run


@pytest.mark.parametrize("place", range(len(STORIES)), ids=[each.title for each in STORIES])
async def test_the_flow_ends_as_its_story_tells(runs: Sequence[Run], place: int) -> None:
    """Steps, outcome, price, and callbacks that are rightly signed, in order, and end once."""
    run = runs[place]

    assert run.faults == []
    assert len(run.ends) == len(run.story.ends)


async def test_both_apis_took_flows(runs: Sequence[Run], client: Client) -> None:
    """They share nothing but the database and the engine."""
    took = {each.api for each in client.answers if each.method == "POST" and each.status == 200}
    assert len(runs) == len(STORIES)
    assert took == {0, 1}
