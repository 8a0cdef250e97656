"""The document against the models, without HTTP: neither knows of the other's words."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from api.app import create_app
from tests.fuzz import hostile
from tests.fuzz.allowing import Allowed
from tests.fuzz.mending import READ_AS, faults
from tests.fuzz.tally import Tally
from tests.samples import sms, voice

GOOD = {
    "POST /failover": hostile.STANDARD,
    "POST /failover/transactional": hostile.TRANSACTIONAL,
    "POST /failover/tracking": hostile.FILTERS,
    "POST /callbacks/replay": hostile.WINDOW,
}

PLAIN: list[Any] = [
    None, True, False, 0, 1, 2, -1, 10, 0.5, 1.0, 1.55, 3600, 2**31, 2**63, 1e300,
    "", " ", "\t\n", "\x1c", "true", "False", "TRUE", "yes", "on", "1", "0", "+5", "05", "5.0",
    "1.5", "1e3", "1_0", " 1", "٣", "0" * 1001, "x" * 11, "sms", "VIBER", "Voice", "say", "play",
    "onstep", "ONCOMPLETION", "failed", "Failed,Undelivered", "BUSY, noanswer,", ",", "Failed;Busy",
    "+306900000101", "306900000101", "30 690 000 0101", "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11",
    "http://a.test", "HTTPS://a.test/b", " https://a.test ", "tel:112", "ftp://a.test",
    "PDF", ".pdf", "hangup", "Hangup", "is", "CONTAINS", "type", "flowkind",
]  # fmt: skip

_VALUES = st.recursive(
    st.sampled_from(PLAIN) | st.text(max_size=4) | st.integers() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "text", "body", "verbs", "phone", "to"]), inner)
    ),
    max_leaves=4,
)


@st.composite
def _changed(draw: st.DrawFn, good: Any) -> Any:
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(hostile.places(good))))
        other = draw(_VALUES)
        extra = draw(st.sampled_from([*NAMES, None, None, None]))
        if extra and path and isinstance(path[-1], str):
            path = (*path[:-1], extra)
        good = hostile.replaced(good, path, other)
    return good


NAMES = [
    "dialplan", "dialPlans", "urlShortener", "label", "seq", "templateId", "restrictions",
    "order", "failoverOnStatuses", "ttl", "inboundUrl", "strategy", "searchOperator", "unknown",
    "viber", "sip",
]  # fmt: skip
"""Members that a good body may lack."""


@pytest.fixture(scope="module")
def allowed() -> Allowed:
    """What the document allows."""
    return Allowed(create_app().openapi())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation", GOOD)
def test_what_the_models_take_the_document_allows(
    operation: str, allowed: Allowed, pytestconfig: pytest.Config, tally: Tally
) -> None:
    """Every leniency is in it: else a client's tools would refuse what the API takes."""
    reader: TypeAdapter[Any] = READ_AS[operation]
    chosen = pytestconfig.getoption("seed")

    @settings(
        max_examples=40 * pytestconfig.getoption("examples"),
        derandomize=chosen is None,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(_changed(GOOD[operation]))
    def each(body: Any) -> None:
        if not faults(body, reader):
            tally.checks["taken and allowed"] += 1
            assert allowed(operation, body)

    (each if chosen is None else seed(chosen)(each))()


STEPS = {step["type"]: step for step in hostile.STANDARD["flow"]}
PLAN = voice()["dialPlan"]

LENIENT: list[dict[str, Any]] = [
    sms(type="SMS", ttl="60", order="2", failoverOnStatuses="failed, UNDELIVERED"),
    sms(message={"body": "x", "flash": "true", "transcode": "False", "urlShortener": {}}),
    sms(message={"body": "x", "urlShortener": {"urlValidity": "3600"}}, restrictions={"india": {}}),
    sms(
        ttl="", order=None, failoverOnStatuses=[], urlShortener={"urlValidity": ""}, **{"from": " "}
    ),
    sms(to="30 690 000 0101", failoverOnStatuses=["FAILED"], unknown=[{"a": 1}]),
    {**STEPS["Viber"], "type": "viber", "ttl": "2.5", "expireOnDelivery": "TRUE", "label": ""},
    {**STEPS["Viber"], "templateId": "", "templateParams": {}, "seq": None, "inboundUrl": " "},
    {**STEPS["Viber"], "message": {"text": "x", "action": {"caption": "", "targetUrl": ""}}},
    {**STEPS["Viber"], "message": {"viberFile": {**hostile.FILE, "fileType": ".PDF"}}},
    {**STEPS["Viber"], "message": {"viberVideo": {**hostile.VIDEO, "fileSize": "1.5"}}},
    voice(type="VOICE", to="306900000101", machineDetection={"strategy": ""}),
    {**voice(), "to": "+306900000101", "dialPlan": [PLAN]},
    {**voice(), "dialPlan": None, "dialplan": PLAN},
    {**voice(), "dialPlan": {}, "dialPlans": [PLAN]},
    {**voice(), "dialPlan": PLAN, "dialPlans": "whatever"},
]


@pytest.mark.parametrize("step", LENIENT)
def test_a_leniency_is_taken_and_allowed(step: dict[str, Any], allowed: Allowed) -> None:
    """By name: what real clients send (contract.md §2, §12)."""
    body = {"flow": [step], "callback": {"strategy": "ONSTEP", "url": "https://a.test"}}
    assert faults(body, READ_AS["POST /failover"]) == ()
    assert allowed("POST /failover", body)


STRANGE: list[dict[str, Any]] = [
    sms(ttl=True),
    sms(ttl="1_0"),
    sms(ttl="soon"),
    sms(ttl=1441),
    sms(order=0),
    sms(type="Fax"),
    sms(failoverOnStatuses=["Busy"]),
    sms(failoverOnStatuses="Busy"),
    sms(message={"body": "x", "flash": 1}),
    sms(message={"body": "x", "flash": "yes"}),
    sms(message={"body": "x", "label": "two\nlines"}),
    {**STEPS["Viber"], "templateId": "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11"},
    {**STEPS["Viber"], "inboundUrl": "ftp://a.test"},
    {**voice(), "to": 306900000101},
    {**voice(), "dialPlan": [PLAN, PLAN]},
]


@pytest.mark.parametrize("step", STRANGE)
def test_what_is_no_leniency_is_neither_taken_nor_allowed(
    step: dict[str, Any], allowed: Allowed
) -> None:
    """The document is no wider than it must be."""
    assert faults({"flow": [step]}, READ_AS["POST /failover"])
    assert not allowed("POST /failover", {"flow": [step]})
