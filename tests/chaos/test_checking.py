"""The rules find what they are for: a record that is right, then broken in one place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
import pytest

from domain.flow import Strategy
from tests.chaos import checking
from tests.chaos.checking import RULES, Told
from tests.chaos.evidence import Receipt
from tests.chaos.plan import CONTROL, FlowPlan
from tests.chaos.rows import Row
from tracking.outbox import Attempt, State

BEGAN = datetime(2026, 9, 1, 8, 15, tzinfo=UTC)
REPLAYED = BEGAN + timedelta(minutes=1)

Break = Callable[[Told], Told]


def told() -> Told:
    """Three events: the first taken at its second attempt, the others gone, and replayed."""
    steps = [{"status": "InProgress"}, {"status": "InProgress"}, {"status": "Succeeded"}]
    common = {"messages": [1], "statusCode": None, "terminationChannel": "Sms"}
    bodies = [{**common, "updatedAt": BEGAN.isoformat(), **step} for step in steps]
    first = [
        _row(2, bodies[0], State.DELIVERED, _attempt(0, 500), _attempt(1, 200)),
        _row(3, bodies[1], State.DEAD, _attempt(2, 410)),
        _row(4, bodies[2], State.DEAD),
    ]
    last = [first[0], *(_replayed(row) for row in first[1:])]
    receipts = [
        _receipt(first[0], 1, 0, 500),
        _receipt(first[0], 1, 1, 200),
        _receipt(first[1], 1, 2, 410),
        _receipt(first[1], 2, 60, 200),
        _receipt(first[2], 2, 61, 200),
    ]
    plan = FlowPlan("chaotic", "/gone/3/0", Strategy.ON_STEP, (), (), None, 3)
    return Told(plan, "flow", first, last, receipts, bodies[-1], REPLAYED.timestamp())


def _row(seq: int, body: Mapping[str, Any], state: State, *attempts: Attempt) -> Row:
    return Row(f"msg_flow-{seq}", seq, state, 0, attempts, orjson.dumps(body).decode())


def _replayed(row: Row) -> Row:
    attempts = (*row.attempts, _attempt(58 + row.seq, 200))
    return replace(row, state=State.DELIVERED, replays=1, attempts=attempts)


def _attempt(second: float, status: int | None, fault: str = "") -> Attempt:
    return Attempt(at=BEGAN + timedelta(seconds=second), status=status, fault=fault)


def _receipt(row: Row, part: int, second: float, status: int) -> Receipt:
    at = (BEGAN + timedelta(seconds=second)).timestamp()
    digest = sha256(row.body.encode()).hexdigest()
    return Receipt(
        part, at, "", "/gone/3/0", row.event, row.seq, str(int(at)), "", True, digest, status
    )


def _receipts(change: Callable[[Sequence[Receipt]], Sequence[Receipt]]) -> Break:
    return lambda told: replace(told, receipts=change(told.receipts))


def _rows(change: Callable[[Sequence[Row]], Sequence[Row]]) -> Break:
    return lambda told: replace(told, first=change(told.first))


def _lasts(change: Callable[[Sequence[Row]], Sequence[Row]]) -> Break:
    return lambda told: replace(told, last=change(told.last))


def _plan(**changed: Any) -> Break:
    return lambda told: replace(told, plan=replace(told.plan, **changed))


def _shown(**changed: Any) -> Break:
    return lambda told: replace(told, shown={**told.shown, **changed})


def _at(place: int, **changed: Any) -> Callable[[Sequence[Any]], Sequence[Any]]:
    def change(given: Sequence[Any]) -> Sequence[Any]:
        return [*given[:place], replace(given[place], **changed), *given[place + 1 :]]

    return change


BREAKS: Sequence[tuple[Callable[[Told], bool], Break]] = (
    (checking.every_event_is_settled, _rows(_at(2, state=State.WAITING))),
    (checking.every_change_has_its_event, _rows(lambda rows: [rows[0], rows[2]])),
    (checking.every_change_has_its_event, _plan(strategy=None)),
    (checking.every_change_has_its_event, _plan(strategy=Strategy.ON_COMPLETION)),
    (checking.one_event_is_terminal, _rows(lambda rows: rows[:2])),
    (checking.one_event_is_terminal, _rows(lambda rows: [rows[0], rows[2], rows[2]])),
    (checking.one_event_is_terminal, _shown(status="Failed")),
    (checking.one_event_is_terminal, _shown(statusCode="2")),
    (checking.what_arrives_is_on_record, _receipts(_at(1, digest="another"))),
    (checking.what_arrives_is_on_record, _receipts(_at(1, seq=3))),
    (checking.what_arrives_is_on_record, _receipts(_at(1, event="msg_other-2"))),
    (checking.bytes_are_never_made_anew, _lasts(_at(1, body="{}"))),
    (checking.first_receipts_are_in_order, _receipts(lambda each: [each[2], *each[:2]])),
    (checking.first_receipts_are_in_order, _receipts(lambda each: [*each[:3], each[4], each[3]])),
    (checking.every_receipt_is_signed, _receipts(_at(0, signed=False))),
    (checking.every_receipt_is_signed, _receipts(_at(4, timestamp="1"))),
    (checking.every_event_is_attempted, _rows(_at(0, attempts=()))),
    (checking.every_event_is_attempted, _rows(_at(1, attempts=()))),
    (checking.nobody_is_given_up_early, _rows(_at(1, attempts=(_attempt(2, 500),)))),
    (checking.what_is_delivered_was_taken, _receipts(_at(1, status=500))),
    (checking.what_is_delivered_was_taken, _rows(_at(0, attempts=(_attempt(0, 500),)))),
    (checking.what_is_dead_was_not_taken, _rows(_at(1, attempts=(_attempt(2, 200),)))),
    (checking.attempts_on_record_were_received, _receipts(lambda each: each[1:])),
    (checking.attempts_on_record_were_received, _receipts(_at(2, status=200))),
    (checking.who_is_gone_hears_no_more, _receipts(_at(4, part=1))),
    (checking.who_is_gone_hears_no_more, _rows(_at(2, attempts=(_attempt(3, 500),)))),
    (checking.the_healthy_one_misses_nothing, _plan(receiver=CONTROL, gone=None)),
    (checking.the_replay_delivers_the_rest, _lasts(_at(2, state=State.DEAD))),
    (checking.the_replay_delivers_the_rest, _lasts(lambda rows: rows[:2])),
    (checking.the_replay_delivers_the_rest, _receipts(lambda each: each[:4])),
    (checking.the_replay_delivers_the_rest, _receipts(_at(1, part=2))),
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_holds_of_what_is_right(rule: Callable[[Told], bool]) -> None:
    """Else it would say nothing of what is wrong."""
    assert rule(told())


@pytest.mark.parametrize(("rule", "broken"), BREAKS)
def test_a_rule_finds_what_breaks_it(rule: Callable[[Told], bool], broken: Break) -> None:
    """One that cannot fail proves nothing."""
    assert not rule(broken(told()))


def test_every_rule_is_tried() -> None:
    """None is left out of the breaks."""
    assert {rule for rule, _ in BREAKS} == set(RULES)


def test_an_answer_that_was_lost_breaks_nothing_but_is_counted() -> None:
    """The receiver said 200 and was killed: we saw a fault, and the event died of it."""
    lost = replace(
        told(),
        first=_at(1, attempts=(_attempt(2, None, "ReadError"), _attempt(3, 410)))(told().first),
        receipts=[*told().receipts, replace(told().receipts[2], status=200)],
    )
    assert (told().unheard, lost.unheard) == (0, 1)
    assert [rule.__name__ for rule in RULES if not rule(lost)] == []
