"""Many batches, and an engine that goes away between them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cli import replaying
from cli.replaying import hand_over
from domain.errors import Unavailable
from domain.wire import milliseconds
from storage.seal import Sealer
from tests.keeping import a_letter, kept
from tracking.callbacks import CallbackRecords
from tracking.outbox import State
from tracking.reopening import FlowKey, Window
from workflows.client import FlowClient

NOW = milliseconds(datetime.now(UTC))
WINDOW = Window(NOW - timedelta(days=3))


class Fickle(FlowClient):
    """An engine that takes so many flows, and then is away."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.taken: list[FlowKey] = []

    async def replay(self, account: str, tracking_id: str) -> None:
        """Taken, if one is to be yet."""
        if len(self.taken) == self.takes:
            raise Unavailable("away")
        self.taken.append((account, tracking_id))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "BATCH", 2)


async def test_batch_after_batch_is_handed_over(
    database: AsyncEngine, sealer: Sealer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each flow once, the oldest callback's first; lines tell how far it is."""
    letters = [
        await kept(database, sealer, a_letter(at=NOW - timedelta(hours=hours)))
        for hours in (5, 4, 3, 2, 1)
    ]
    flows = Fickle(9)
    await hand_over(CallbackRecords(database, sealer), flows, "acme", WINDOW, 5)
    assert [key[1] for key in flows.taken] == [letter.tracking_id for letter in letters]
    assert capsys.readouterr().out.splitlines() == [
        "handing over: 2 of 5",
        "handing over: 4 of 5",
        "handing over: 5 of 5",
        "5 callbacks of 5 flows were handed to the engine",
    ]


async def test_one_that_was_stopped_is_repeated(
    database: AsyncEngine, sealer: Sealer, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how far it came; what nobody has tried is handed over next time."""
    for hours in range(5):
        await kept(database, sealer, a_letter(at=NOW - timedelta(hours=hours)))
    records = CallbackRecords(database, sealer)
    with pytest.raises(Unavailable):
        await hand_over(records, Fickle(3), None, WINDOW, 5)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "2 callbacks of 2 flows were handed to the engine"
    assert (await records.list(None, state=State.DEAD, size=9)).total == 1

    flows = Fickle(9)
    await hand_over(records, flows, None, WINDOW, 1)
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "5 callbacks of 5 flows were handed to the engine"
    assert len(set(flows.taken)) == 5
    assert (await records.list(None, state=State.DEAD, size=9)).total == 0
