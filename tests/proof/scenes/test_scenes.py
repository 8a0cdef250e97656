"""The set pieces: what they have in common, and what they read."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
from standardwebhooks import Webhook
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent, WorkflowTaskFailedEventAttributes
from temporalio.client import WorkflowHistory

from accounts.demonstration import ACME, CALLBACK_KEYS
from providers.token import ReportTokens
from storage.keys import Keyring
from tests.chaos.evidence import Receipt
from tests.databases import KEYS
from tests.proof.faults.base import Strike
from tests.proof.notes import Notes
from tests.proof.plan import Round
from tests.proof.provider import Reported
from tests.proof.scenes import SCENES
from tests.proof.scenes.base import FIRST_PLACE, FULL, PLACES, Scale
from tests.proof.scenes.clocks import NAME, excused
from tests.proof.scenes.histories import failed_tasks
from tests.proof.scenes.telling import token, told, with_told

FLOW = "16304dc9-f1cd-4625-b203-0f28f03d495c"
KEY = CALLBACK_KEYS[ACME.id]


def test_each_has_a_name_and_places_of_its_own() -> None:
    """A report tells them apart, and a receiver their flows: six digits hold all places."""
    names = [scene.name for scene in SCENES]
    assert len(set(names)) == len(names)
    assert all(name.startswith("set piece: ") for name in names)
    assert FULL < PLACES
    assert FIRST_PLACE + len(names) * PLACES < 1_000_000


def test_a_short_run_is_away_for_longer_than_anybody_asks_again() -> None:
    """Else no client would ever be told that something is away."""
    assert Scale(50).away > 10
    assert (Scale().is_full, Scale(FULL).is_full) == (False, True)
    assert Scale(FULL).away == 60


def test_a_token_is_what_a_worker_makes() -> None:
    """By its own keys, for its own flow: nothing is forged in it."""
    read = ReportTokens(Keyring.parse(KEYS)).read("sandbox", token(FLOW, 2), time.time())
    assert (read.ref.account, read.ref.tracking_id, read.ref.order) == (ACME.account, FLOW, 2)


def test_what_was_told_is_read_with_what_was_reported(tmp_path: Path) -> None:
    """In the order of the answers; one without an answer was not taken."""
    notes = Notes(tmp_path / "told")
    for number, word in enumerate(("sent", "delivered", "seen")):
        notes.add(told=word, reference=f"{FLOW}.1", number=number)
    for number, code in ((1, 200), (0, 503), (2, 0)):
        notes.add(number=number, answered=code)
    found = told(notes.file)[f"{FLOW}.1"]
    assert [(each.status, each.settled) for each in found] == [
        ("delivered", True),
        ("sent", False),
        ("seen", False),
    ]
    before = Reported(1.0, f"{FLOW}.1", "sent", True, 2.0)
    both = with_told({f"{FLOW}.1": [before], "another.1": []}, notes.file)
    assert both == {f"{FLOW}.1": [before, *found], "another.1": []}


def test_where_nothing_was_told_there_is_nothing(tmp_path: Path) -> None:
    """Most runs."""
    assert told(tmp_path / "told") == {}


BODY = '{"status":"Succeeded"}'


def _receipt(at: float, off: float, key: str = KEY) -> Receipt:
    stamp = int(at + off)
    signature = Webhook(key).sign("evt_1", datetime.fromtimestamp(stamp, UTC), BODY)
    return Receipt(1, at, "healthy", "/a", "evt_1", 1, str(stamp), signature, False, "d", 200)


def _signed(tmp_path: Path, strikes: Sequence[Strike], *receipts: Receipt) -> Sequence[bool]:
    notes = tmp_path / "receiver"
    notes.write_bytes(orjson.dumps({"digest": "d", "body": BODY}))
    return [each.signed for each in excused({"/a": receipts}, notes, KEY, strikes)["/a"]]


def test_a_right_signature_of_a_wrong_time_is_excused_while_clocks_are_wrong(
    tmp_path: Path,
) -> None:
    """Only the time is excused, only then, and only if it is what was wrong."""
    strike = Strike(Round(0, NAME, "", 0.0, ()), at=1000.0, over=2000.0)
    stranger = "whsec_" + "B" * 32
    seen = (
        _receipt(1500, 600),
        _receipt(1500, -600),
        _receipt(1500, 600, stranger),
        _receipt(1500, 5),
        _receipt(500, 600),
    )
    assert _signed(tmp_path, [strike], *seen) == [True, True, False, False, False]
    assert _signed(tmp_path, [], *seen) == [False] * 5
    assert _signed(tmp_path, [replace(strike, at=3000.0, over=3001.0)], seen[0]) == [False]


async def test_the_set_pieces_are_played_with_asyncio_alone() -> None:
    """They share the loop with all wires: what blocks it would hold up everybody."""
    assert all(asyncio.iscoroutinefunction(scene.play) for scene in SCENES)


def test_a_task_that_was_overtaken_has_not_failed() -> None:
    """The engine has it done again, since a report came meanwhile; any other failure is a bug."""
    causes = WorkflowTaskFailedCause
    failed = [
        HistoryEvent(
            workflow_task_failed_event_attributes=WorkflowTaskFailedEventAttributes(
                cause=cause, failure=Failure(message=why)
            )
        )
        for cause, why in (
            (causes.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND, "overtaken"),
            (causes.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR, "diverged"),
        )
    ]
    assert failed_tasks(WorkflowHistory("flow/acme/1", failed)) == ["diverged"]
