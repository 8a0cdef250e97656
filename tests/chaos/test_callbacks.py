"""Flows amid receivers that fail in every way: each event is told in order, none is lost."""

from collections.abc import Callable

import pytest

from tests.chaos.checking import RULES, Told
from tests.chaos.plan import DEAD
from tests.chaos.playing import Played
from tracking.outbox import State

pytestmark = [pytest.mark.server, pytest.mark.timeout(4 * 3600)]

SHOWN = 5
"""How many flows that broke a rule are shown in full."""


async def test_every_flow_ends(played: Played) -> None:
    """No workflow hangs or fails, whatever its receiver does."""
    assert played.completed == len(played.told)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_of_every_flow(played: Played, rule: Callable[[Told], bool]) -> None:
    """The rule's own words say why it matters."""
    broken = [told for told in played.told if not rule(told)]
    shown = "\n".join(map(str, broken[:SHOWN]))
    assert not broken, f"{len(broken)} flows break: {rule.__doc__}\n{shown}"


async def test_there_was_chaos(played: Played) -> None:
    """Else all of the above would be easy."""
    states = {row.state for told in played.told for row in told.first}
    answers = {each.status for told in played.told for each in told.receipts}
    unheard = {told.plan.receiver for told in played.told if not told.of_part(1)}
    assert states == {State.DELIVERED, State.DEAD}
    assert {200, 429, 500} <= answers
    assert DEAD in unheard
    assert sum(played.kills.values()) > 0
