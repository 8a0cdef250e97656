"""The search in SQL beside a naive one in memory, over the same made-up flows."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.flow import Flow, Kind
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from storage.engine import connect
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import KEYS
from tests.databases import Databases
from tests.samples import sms, viber, voice
from tests.tracking.flows import later, sealed_flow
from tracking import candidates
from tracking.filters import OPERATORS, TERMS, Field, Filter, Operator, Search
from tracking.records import Tracking

FLOWS = 150
NUMBERS = ("+306900000101", "+306900000102", "+306912345678", "+35799123456", "+35799000101")
ADDRESSES = ("1111@pbx.test", "desk_1@pbx.test")
FRAGMENTS = (
    "+30",
    "3069",
    "123",
    "12345",
    "0101",
    "01",
    "1",
    "+",
    "_1@",
    "@pbx.test",
    "11",
    "%",
    "8",
)


@dataclass(frozen=True)
class Known:
    """A flow as the naive search sees it."""

    flow: Flow
    progress: Progress
    numbers: tuple[str, ...]


def _made(sealer: Sealer) -> list[Known]:
    pick = random.Random(4)  # noqa: S311  nothing secret
    return [_one(sealer, pick) for _ in range(FLOWS)]


def _one(sealer: Sealer, pick: random.Random) -> Known:
    steps: list[dict[str, Any]] = []
    numbers: list[str] = []
    one = pick.choice(NUMBERS)
    makes = pick.sample([viber, sms, voice, sms], pick.randint(1, 3))
    for make in makes:
        number = pick.choice([one, one, one, *NUMBERS])
        step = make(number)
        if make is voice and pick.random() < 0.5:
            number = pick.choice(ADDRESSES)
            step["to"] = {"sip": number}
        numbers.append(number)
        steps.append(step)
    flow = sealed_flow(
        sealer,
        *steps,
        tracking_id=str(UUID(int=pick.getrandbits(128), version=4)),
        created_at=later(pick.randrange(20)),  # several in the same second
        account=pick.choice(["acme", "acme", "globex"]),
        kind=Kind.TRANSACTIONAL if viber in makes else pick.choice(list(Kind)),
    )
    progress = Progress.of(flow)
    for begun in flow.steps[: pick.randint(0, 3)]:
        progress = progress.begun(begun, later(30))
        status = pick.choice([Status.FAILED, Status.DELIVERED, Status.COMPLETED, Status.SENT])
        progress = progress.after(
            flow, DeliveryReport(order=begun.order, status=status, at=later(31))
        )
    return Known(flow, progress, tuple(numbers))


def naively(known: list[Known], wanted: Search) -> list[str]:
    """The tracking ids of all that pass, in order."""
    passing = [
        each
        for each in known
        if each.flow.account == wanted.account
        and (wanted.start is None or each.flow.created_at >= wanted.start)
        and (wanted.end is None or each.flow.created_at <= wanted.end)
        and all(_passes(each, condition) for condition in wanted.filters)
    ]
    passing.sort(
        key=lambda each: (each.flow.created_at, each.flow.tracking_id), reverse=wanted.newest_first
    )
    return [each.flow.tracking_id for each in passing]


TESTS: Mapping[Operator, Callable[[str, str], bool]] = {
    Operator.IS: str.__eq__,
    Operator.CONTAINS: str.__contains__,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
}


def _passes(known: Known, condition: Filter) -> bool:
    outcome = known.progress.outcome
    words: Mapping[Field, tuple[str, ...]] = {
        Field.TYPE: tuple(step.channel for step in known.flow.steps),
        Field.TERMINATION_CHANNEL: (outcome.channel,) if outcome and outcome.channel else (),
        Field.STATUS: (known.progress.status,),
        Field.FLOW_KIND: (known.flow.kind,),
        Field.TO: known.numbers,
    }
    if condition.operator is Operator.IS_NOT:
        return condition.term not in words[condition.field]
    terms = [condition.term]
    if condition.operator is Operator.STARTS_WITH and condition.term.isdigit():
        terms.append("+" + condition.term)
    test = TESTS[condition.operator]
    return any(test(word, term) for word in words[condition.field] for term in terms)


def _filter(field: Field) -> st.SearchStrategy[Filter]:
    def of(operator: Operator) -> st.SearchStrategy[Filter]:
        exact = operator in (Operator.IS, Operator.IS_NOT)
        numbers = NUMBERS + ADDRESSES if exact else FRAGMENTS + NUMBERS
        terms = TERMS.get(field, numbers)
        return st.builds(Filter, st.just(field), st.just(operator), st.sampled_from(terms))

    return st.sampled_from(OPERATORS[field]).flatmap(of)


MOMENTS: st.SearchStrategy[datetime | None] = st.none() | st.integers(-1, 21).map(later)
SEARCHES = st.builds(
    Search,
    account=st.sampled_from(["acme", "acme", "globex", "nobody"]),
    filters=st.lists(st.sampled_from(Field).flatmap(_filter), max_size=3).map(tuple),
    start=MOMENTS,
    end=MOMENTS,
    page=st.integers(0, 12),
    size=st.integers(1, 30),
    newest_first=st.booleans(),
)


@pytest.fixture(scope="module")
async def corpus(databases: Databases) -> AsyncIterator[tuple[Tracking, list[Known]]]:
    """The flows, in memory and on record."""
    sealer = Sealer(Keyring.parse(KEYS))
    known = _made(sealer)
    async with databases.new() as url:
        engine = connect(url)
        tracking = Tracking(engine, sealer)
        for each in known:
            await tracking.record(each.flow, each.progress)
        yield tracking, known
        await engine.dispose()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wanted=SEARCHES, few=st.sampled_from([0, 3, 2000]))
async def test_the_search_finds_what_a_naive_one_finds(
    corpus: tuple[Tracking, list[Known]], wanted: Search, few: int
) -> None:
    """The same flows in the same order, and the same total, by whatever way it goes."""
    tracking, known = corpus
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "FEW", few)
        page = await tracking.search(wanted)
    expected = naively(known, wanted)
    begin = wanted.page * wanted.size
    assert page.total == len(expected)
    assert [each.flow.tracking_id for each in page.flows] == expected[begin : begin + wanted.size]


def test_the_made_up_flows_are_of_many_sorts() -> None:
    """Else the comparison would say little."""
    known = _made(Sealer(Keyring.parse(KEYS)))
    assert len({each.progress.status for each in known}) == 4
    assert sum(len(set(each.numbers)) > 1 for each in known) > 20
    assert len({each.flow.created_at for each in known}) <= 20
