"""What the client was told: I4 and I5, by the rules of tests/chaos."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from domain.flow import Strategy
from tests.chaos import checking
from tests.chaos.checking import Told
from tests.chaos.plan import CONTROL, FlowPlan
from tests.chaos.rows import Row
from tests.proof.evidence import Callbacks, Records
from tests.proof.invariants.finding import Finding
from tests.proof.ledger import Entry
from tracking.outbox import Attempt, State

Rules = Sequence[Callable[[Told], bool]]

GENUINE: Rules = (
    checking.what_arrives_is_on_record,
    checking.bytes_are_never_made_anew,
    checking.first_receipts_are_in_order,
    checking.every_receipt_is_signed,
    checking.what_is_delivered_was_taken,
    checking.attempts_on_record_were_received,
    checking.who_is_gone_hears_no_more,
)

COMPLETE: Rules = (
    checking.every_event_is_settled,
    checking.every_change_has_its_event,
    checking.one_event_is_terminal,
    checking.every_event_is_attempted,
    checking.what_is_dead_was_not_taken,
    checking.the_healthy_one_misses_nothing,
    checking.the_replay_delivers_the_rest,
)


def callbacks_are_genuine(records: Records) -> Finding:
    """Callbacks come in order, signed, and the same bytes each time."""
    receipts = sum(len(each) for each in records.receipts.values())
    return Finding.of(receipts, _broken(records, GENUINE))


def callbacks_are_complete(records: Records) -> Finding:
    """Each expected callback is delivered, or dead and delivered by a replay."""
    listed = sum(len(each.last) for each in records.callbacks.values())
    return Finding.of(listed, _broken(records, COMPLETE))


def _broken(records: Records, rules: Rules) -> Iterator[str]:
    for flow, entry in records.accepted.items():
        told = _told(records, flow, entry)
        for rule in rules:
            if not _holds(rule, told):
                yield f"breaks {rule.__name__}: {told}"


def _holds(rule: Callable[[Told], bool], told: Told) -> bool:
    """What lacks something that the rule needs breaks it."""
    try:
        return rule(told)
    except (IndexError, KeyError, ValueError):
        return False


def _told(records: Records, flow: str, entry: Entry) -> Told:
    plan = entry.plan
    callbacks = records.callbacks.get(flow, Callbacks())
    return Told(
        plan=FlowPlan(
            receiver=CONTROL,
            path=plan.path,
            strategy=Strategy(plan.strategy) if plan.strategy else None,
            steps=(),
            ttls=(),
            cancelled=None,
            gone=plan.gone,
        ),
        flow=flow,
        first=[_row(each) for each in callbacks.first],
        last=[_row(each) for each in callbacks.last],
        receipts=records.receipts.get(plan.path, ()),
        shown=records.shown.get(flow, {}),
        replayed_at=callbacks.replayed_at,
    )


def _row(shown: Mapping[str, Any]) -> Row:
    return Row(
        event=shown["id"],
        seq=shown["sequence"],
        state=State(shown["state"].lower()),
        replays=shown["replays"],
        attempts=[
            Attempt(
                at=datetime.fromisoformat(each["at"]),
                status=each["status"],
                fault=each["fault"],
                seconds=each["seconds"],
            )
            for each in shown["attempts"]
        ],
        body=orjson.dumps(shown["body"]).decode(),
    )
