"""How everything travels: names, moments, blanks."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.channels import Sms, TransactionalStep
from domain.errors import InvalidRequest, Unavailable
from domain.flow import Callback, Flow, Kind, Step, StepRef, Strategy
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from domain.wire import KEPT, ClientUrl, HttpUrl, is_blank, iso, kind_of, milliseconds
from tests.domain.plays import flow_of, later, played
from tests.domain.reading import read
from tests.samples import a_flow, sms, viber

_MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 2),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-7))]),
)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 9, 1, 8, 15, 30, 120_000, UTC), "2026-09-01T08:15:30.120Z"),
        (datetime(2026, 9, 1, 8, 15, 30, 999_999, UTC), "2026-09-01T08:15:30.999Z"),
        (
            datetime(2026, 9, 1, 11, 15, 30, 0, timezone(timedelta(hours=3))),
            "2026-09-01T08:15:30.000Z",
        ),
    ],
)
def test_a_moment_is_written_in_utc_with_milliseconds(moment: datetime, written: str) -> None:
    """As the contract shows it."""
    assert iso(moment) == written


@given(_MOMENTS)
@settings(deadline=None)
def test_a_moment_cut_to_milliseconds_equals_itself_after_a_round_trip(moment: datetime) -> None:
    """So a snapshot that was stored equals the one that was not."""
    report = DeliveryReport(order=1, status=Status.SENT, at=milliseconds(moment))
    assert DeliveryReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize("blank", [None, "", " \n", [], {}, {"a": {"b": " "}, "c": []}])
def test_typed_clients_mean_nothing_by_a_blank(blank: object) -> None:
    """Null, blank strings, empty lists, and objects of only these."""
    assert is_blank(blank)


@pytest.mark.parametrize("value", ["x", 0, False, [""], [None], {"a": 0}, {"a": {"b": False}}])
def test_anything_else_means_something(value: object) -> None:
    """Nought and false too."""
    assert not is_blank(value)


@pytest.mark.parametrize(
    "url",
    ["http://a", "https://hooks.acme.test:8443/x?y=z#q", "HTTP://A.test", "http://[::1]:9/", "http://10.0.0.7"],
)  # fmt: skip
def test_an_address_is_absolute_http_or_https(url: str) -> None:
    """And kept as it was written."""
    assert TypeAdapter(HttpUrl).validate_python(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "", "a", "//a.test", "ftp://a.test", "file:///x", "http://", "http://a:99999", "js:1", 7,
        "http://a.test/\nx", "http://a.test/\r\nX-Evil: 1", "http://a.test/\0", "http://a.test/\x1b",
    ],
)  # fmt: skip
def test_another_address_is_refused(url: object) -> None:
    """Without repeating it."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(HttpUrl).validate_python(url)
    assert "99999" not in refused.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("url", "is_taken", "was_taken"),
    [
        ("https://hooks.acme.test/x?y=z", True, True),
        (" http://Hooks.acme.test:8080 ", True, True),
        ("http://10.0.0.7/", True, True),  # where it may lead is not a matter of its form
        ("http://hooks.acme.test/#q", False, True),
        ("http://acme@hooks.acme.test/", False, True),
        ("http://2130706433/", False, True),
        ("http:/hooks.acme.test", False, True),
        ("ftp://hooks.acme.test/", False, False),
        ("hooks.acme.test", False, False),
        ("", False, False),
        (7, False, False),
    ],
)
def test_an_address_that_we_call_is_read_strictly(
    url: object, is_taken: bool, was_taken: bool
) -> None:
    """What was accepted earlier is still read; the schema's pattern refuses nothing that is taken.

    A client that goes by the document has no request refused by the code alone.
    """
    adapter = TypeAdapter(ClientUrl)
    pattern = adapter.json_schema()["pattern"]
    for context, taken in ((None, is_taken), (KEPT, was_taken)):
        try:
            read = adapter.validate_python(url, context=context)
        except ValidationError:
            assert not taken
        else:
            assert taken
            assert read == str(url).strip()
    assert not is_taken or re.search(pattern, str(url))
    assert is_taken or str(url) == "http://2130706433/" or not re.search(pattern, str(url))


def test_the_kind_of_a_step_is_read_from_what_has_one() -> None:
    """A decoded body, or a step; nothing else."""
    kind = kind_of(str.capitalize)
    assert kind({"type": "sMS"}) == "Sms"
    assert kind(read(viber())) == "Viber"
    assert kind({"type": 3}) is kind("Sms") is None
    steps: TypeAdapter[Any] = TypeAdapter(TransactionalStep)
    assert steps.validate_python(read(sms())) == read(sms())


def test_what_a_client_sent_is_not_in_the_error() -> None:
    """Its message goes to logs; pins and numbers do not."""
    with pytest.raises(ValidationError) as refused:
        Sms.model_validate(sms(to="+30690666", message={"body": ["secret"]}))
    assert "666" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_travels_cannot_be_changed() -> None:
    """A transition makes a new value."""
    progress = played(flow_of(sms()), Status.SENT)
    with pytest.raises(ValidationError):
        progress.seq = 7  # type: ignore[misc]


@pytest.mark.parametrize("strategy", [None, *Strategy])
def test_a_flow_and_its_progress_survive_the_engine(strategy: Strategy | None) -> None:
    """JSON and back."""
    flow = a_flow(viber(), sms(), strategy=strategy)
    assert Flow.model_validate_json(flow.model_dump_json()) == flow
    progress = played(flow_of(viber(), sms()), Status.EXPIRED, Status.DELIVERED)
    assert Progress.model_validate_json(progress.model_dump_json()) == progress


def test_a_history_from_before_a_member_was_added_loads() -> None:
    """And so does one from after: unknown members are ignored, absent ones have defaults."""
    flow = Flow.model_validate_json(
        '{"account":"acme","application":"64d0","trackingId":"0f7a","kind":"transactional",'
        '"steps":[{"order":1,"channel":"Sms","recipient":"+3069****0101","ttl":60.0,'
        '"failures":["Failed"],"silence":"Undelivered","silenceReason":"Expired",'
        '"content":"v1.k1.x","later":1}],"createdAt":"2026-09-01T08:15:30.120Z","laterToo":{}}'
    )
    assert flow.steps == (
        Step.model_validate(flow.steps[0].model_dump(exclude={"sender", "until_seen"})),
    )
    assert (flow.callback, flow.request, flow.kind) == (None, "", Kind.TRANSACTIONAL)
    assert Progress.model_validate_json('{"updatedAt":"2026-09-01T08:15:30Z"}').seq == 0


def test_a_flow_knows_its_steps_by_place() -> None:
    """1 to n, and none elsewhere."""
    flow = a_flow(viber(), sms())
    assert [flow.step(order) for order in (0, 1, 2, 3, -1)] == [None, *flow.steps, None, None]
    ref = flow.ref(2)
    assert ref == StepRef(account="acme", tracking_id=flow.tracking_id, order=2)
    assert ref.reference == f"{flow.tracking_id}.2"


@pytest.mark.parametrize(
    ("strategy", "on_step"),
    [(None, False), (Strategy.ON_COMPLETION, False), (Strategy.ON_STEP, True)],
)
def test_a_client_hears_of_every_change_by_on_step_only(
    strategy: Strategy | None, on_step: bool
) -> None:
    """Not without a callback."""
    assert a_flow(sms(), strategy=strategy).on_step is on_step


def test_outside_everything_is_written_in_camel_case() -> None:
    """And None stays where a member is not left out on purpose."""
    callback = Callback(strategy=Strategy.ON_STEP, url="u", origin="o")
    assert callback.model_dump(mode="json") == {"strategy": "OnStep", "url": "u", "origin": "o"}
    report = DeliveryReport(order=1, status=Status.NO_ANSWER, at=later(0), our_fault=True)
    assert report.model_dump(mode="json") == {
        "order": 1,
        "status": "NoAnswer",
        "reason": "",
        "at": "2026-09-01T08:15:30.000Z",
        "messageId": "",
        "duration": None,
        "ourFault": True,
        "provider": "",
        "askable": False,
    }


def test_a_refusal_says_its_sentence() -> None:
    """With the paths of what is wrong, or the tracking id that was tried."""
    invalid = InvalidRequest({"flow[0].to": "Invalid mobile number"})
    assert (str(invalid), invalid.sentence) == ("Validation Error!", "Validation Error!")
    assert invalid.properties == {"flow[0].to": "Invalid mobile number"}
    away = Unavailable("Send it again", tracking_id="0f7a")
    assert (away.sentence, away.tracking_id) == ("Send it again", "0f7a")
    assert Unavailable("Send it again").tracking_id is None
