"""The judge finds what it is for: records that are right, then broken in one place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.proof.evidence import Callbacks, Records
from tests.proof.examples import BEGAN, FLOW, PLAN, SMS, VIBER, known, records, story
from tests.proof.faults.apis import FAULTS
from tests.proof.forging import Forgery
from tests.proof.invariants import INVARIANTS, judged
from tests.proof.invariants.hidden import covers
from tests.proof.ledger import Entry, Try
from tests.proof.plan import SCRIPTS, drawn
from tests.proof.provider import Reported, Request
from tests.proof.stories import Story, Task, Told

Break = Callable[[Records], Records]


@pytest.mark.parametrize("dedupes", [True, False], ids=["dedupes", "forgets"])
def test_what_is_right_is_found_right(dedupes: bool) -> None:
    """Else the tests below would show nothing; and something is looked at for each."""
    verdicts = judged([records(dedupes=dedupes)])
    assert [each.breaches for each in verdicts] == [[]] * len(INVARIANTS)
    assert all(each.checked for each in verdicts)


def _story(**changed: Any) -> Break:
    return lambda right: replace(right, stories={FLOW: replace(story(), **changed)})


def _sends(*tasks: Task) -> Break:
    ends = [task for task in story().tasks if task.name == "publish"]
    return _story(tasks=[*tasks, *ends])


def _shown(**changed: Any) -> Break:
    return lambda right: replace(right, shown={FLOW: {**right.shown[FLOW], **changed}})


def _request(reference: str, *requests: Request) -> Break:
    return lambda right: replace(right, requests={**right.requests, reference: list(requests)})


def _entry(**changed: Any) -> Break:
    def broken(right: Records) -> Records:
        entry: Entry = right.entries[0]
        return replace(right, entries=[replace(entry, **changed)])

    return broken


def _receipt(place: int, **changed: Any) -> Break:
    def broken(right: Records) -> Records:
        receipts = list(right.receipts[PLAN.path])
        receipts[place] = replace(receipts[place], **changed)
        return replace(right, receipts={PLAN.path: receipts})

    return broken


def _never_replayed(right: Records) -> Records:
    """What was dead stays so."""
    known = right.callbacks[FLOW]
    attempt = {**known.last[3]["attempts"][0], "status": 410}
    gone = {**known.last[3], "state": "Dead", "attempts": [attempt]}
    listed = [*known.last[:3], gone]
    return replace(right, callbacks={FLOW: Callbacks(listed, listed, BEGAN + 60)})


def _callback(place: int, **changed: Any) -> Break:
    def broken(right: Records) -> Records:
        listed = list(right.callbacks[FLOW].last)
        listed[place] = {**listed[place], **changed}
        return replace(right, callbacks={FLOW: Callbacks(listed, listed, BEGAN + 60)})

    return broken


def _without_callback(place: int) -> Break:
    def broken(right: Records) -> Records:
        listed = list(right.callbacks[FLOW].last)
        del listed[place]
        return replace(right, callbacks={FLOW: Callbacks(listed, listed, BEGAN + 60)})

    return broken


def _forged(status: int, kind: str = "expired") -> Break:
    forgery = Forgery(BEGAN, kind, FLOW, status)
    return lambda right: replace(right, forgeries=[*right.forgeries, forgery])


def _asked(at: float, reference: str, attempt: int = 1, **more: Any) -> Request:
    return Request(BEGAN + at, reference, attempt, **more)


BEGUN = {"order": 1, "status": None}
QUEUED = {"order": 1, "status": "Queued"}
FAILED = {"order": 1, "status": "Undelivered"}
SECOND, THIRD = {"order": 2, "status": None}, {"order": 3, "status": None}
SUCCESS = {"status": "Succeeded"}

FIRST_SEND = Task("send_step", BEGAN + 0.5, known([BEGUN]))
SECOND_SEND = Task("send_step", BEGAN + 6, known([FAILED, SECOND]))

BREACHES: list[tuple[str, str, Break]] = [
    ("I1", "still runs", _story(end="")),
    ("I1", "its workflow failed", _story(end="failed")),
    ("I1", "stands at InProgress", _shown(status="InProgress")),
    ("I1", "tracking says Failed", _shown(status="Failed")),
    ("I1", "no history", lambda right: replace(right, stories={})),
    ("I1", "s late", _story(began=BEGAN - 3600)),
    ("I2", "2 messages", _request(
        VIBER, _asked(1, VIBER, taken=True), _asked(5, VIBER, 2, status=202, taken=True))),
    ("I2", "nobody wanted that", _request(f"{FLOW}.3", _asked(9, f"{FLOW}.3"))),
    ("I2", "nobody wanted that", _request("another.1", _asked(9, "another.1"))),
    ("I2", "another createdAt", _entry(differs="createdAt")),
    ("I3", "in the order [2]", _sends(SECOND_SEND)),
    ("I3", "in the order [2, 1]", _sends(SECOND_SEND, FIRST_SEND)),
    ("I3", "in the order [1, 1]", _sends(FIRST_SEND, FIRST_SEND)),
    ("I3", "step 2 began when step 1 was Queued", _sends(
        FIRST_SEND, replace(SECOND_SEND, known=known([QUEUED, SECOND])))),
    ("I3", "step 2 began after the flow's end", _sends(
        FIRST_SEND, replace(SECOND_SEND, known=known([FAILED, SECOND], SUCCESS)))),
    ("I3", "a later step first", _request(SMS, _asked(0.5, SMS))),
    ("I3", "never begun", _sends(FIRST_SEND)),
    ("I4", "first_receipts_are_in_order", _receipt(1, event=f"msg_{FLOW}-9", seq=9)),
    ("I4", "what_arrives_is_on_record", _receipt(4, digest="another")),
    ("I4", "every_receipt_is_signed", _receipt(2, signed=False)),
    ("I4", "what_is_delivered_was_taken", _receipt(4, status=500)),
    ("I5", "the_replay_delivers_the_rest", _never_replayed),
    ("I5", "every_event_is_settled", _callback(3, state="Waiting")),
    ("I5", "every_change_has_its_event", _without_callback(1)),
    ("I5", "one_event_is_terminal", _without_callback(3)),
    ("I6", "was answered 200", _forged(200)),
    ("I6", "of another account", _forged(400, "of another account")),
    ("I6", "which nobody reported", _story(told=[Told(BEGAN + 3, 1, "Delivered")])),
    ("I7", "and it failed", lambda right: replace(
        _shown(status="Failed")(right),
        reports={SMS: [Reported(BEGAN + 6, SMS, "delivered", True, BEGAN + 7)]})),
    ("I7", "nothing was ever delivered", _entry(plan=replace(PLAN, digits="0105"))),
    ("I8", "history of", _story(raw=b"to +306900070102")),
    ("I8", "a full number", lambda right: replace(right, texts={"log": b"x306912340101"})),
    ("I8", "a text or a pin", lambda right: replace(right, texts={"log": b"735190000007"})),
    ("I8", "a callback's path", lambda right: replace(right, texts={"log": b"/flows/0/7"})),
    ("I8", "the master key", lambda right: replace(right, texts={"log": b"k1:AAAA="})),
    ("I8", "error of", _entry(tries=[Try("api-a", BEGAN, BEGAN, 400, PLAN.number)])),
    ("I9", "Nondeterminism", _story(replays="Nondeterminism")),
    ("I10", "answered 500", _entry(tries=[Try("api-a", BEGAN, BEGAN, 500)])),
    ("I10", "never accepted: 422", _entry(flow=None, tries=[Try("api-a", BEGAN, BEGAN, 422)])),
    ("I10", "nobody knows it", lambda right: replace(right, shown={})),
    ("I10", "was answered 500", _forged(500)),
    ("fired", "round 0", lambda right: replace(
        right, strikes=[replace(right.strikes[0], proofs=[])])),
    ("pieces", "a timer never fired", lambda right: replace(
        right, strikes=[replace(right.strikes[0], wrongs=["a timer never fired"])])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words", "breaks"), BREACHES, ids=[f"{name}: {words}" for name, words, _ in BREACHES]
)
def test_a_breach_is_named(name: str, words: str, breaks: Break) -> None:
    """By its invariant, in words that say what happened."""
    verdicts = {each.name: each for each in judged([breaks(records())])}
    assert any(words in breach for breach in verdicts[name].breaches), verdicts[name].breaches


def test_who_forgets_is_asked_once() -> None:
    """The same record is right of a provider that dedupes, and wrong of one that does not."""
    asked = records().requests
    verdicts = {
        each.name: each for each in judged([replace(records(dedupes=False), requests=asked)])
    }
    assert "asked 2 times" in verdicts["I2"].breaches[0]


def test_a_request_that_was_turned_away_may_come_again() -> None:
    """429 says that nothing was taken."""
    again = [_asked(1, VIBER, 1, status=429), _asked(3, VIBER, 2, status=202, taken=True)]
    right = records(dedupes=False)
    verdicts = judged([replace(right, requests={**right.requests, VIBER: again})])
    assert not any(each.breaches for each in verdicts)


def test_a_success_that_came_too_late_is_no_breach() -> None:
    """The outcome is fixed when it is first reached."""
    failed: Story = replace(
        story(), tasks=[*story().tasks[:2], replace(story().tasks[2], known=FAILURE)]
    )
    late = {SMS: [Reported(BEGAN + 29, SMS, "delivered", True, BEGAN + 30)]}
    right = _shown(status="Failed")(records())
    verdicts = {
        each.name: each for each in judged([replace(right, stories={FLOW: failed}, reports=late)])
    }
    assert verdicts["I7"].breaches == []


FAILURE = known([FAILED, {"order": 2, "status": "Undelivered"}], {"status": "Failed"})


def test_every_secret_of_a_plan_is_looked_for() -> None:
    """Else the judge would look for what nobody ever wrote."""
    plans = [flow for each in drawn("seed", 30, FAULTS) for flow in each.flows]
    assert all(covers(plan) for plan in plans)
    assert {plan.digits for plan in plans} > set(SCRIPTS)
