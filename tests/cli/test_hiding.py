"""What ops see of a callback: where its flow stands, and nothing of what was sent to whom."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.hiding import ENTERED, SHOWN, answer_shown, body_shown
from cli.masking import MASK
from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import KEYS
from tests.samples import a_flow, sms, viber, voice
from tracking.view import view

NUMBER = "+306900000177"


def told(flow: Flow) -> str:
    """The body of the flow's callback, all of its steps tried."""
    sealer = Sealer(Keyring.parse(KEYS))
    sealed = sealer.sealed(flow)
    progress = Progress.of(sealed)
    for step in sealed.steps:
        progress = progress.begun(step, flow.created_at)
        report = DeliveryReport(order=step.order, status=Status.FAILED, at=flow.created_at)
        progress = progress.after(sealed, report)
    return view(sealed, progress, sealer, {}).model_dump_json()


def test_texts_numbers_and_names_are_masked() -> None:
    """Of a flow through every channel; its statuses are all there."""
    body = told(a_flow(viber(NUMBER), sms(NUMBER), voice(NUMBER)))
    shown = body_shown(body)
    text = json.dumps(shown)
    for secret in ("Nadia", "7731", "Parcel", "6900000177", "AcmeShop", "302310000222"):
        assert secret in body
        assert secret not in text
    sent = json.loads(body)
    assert shown.keys() == sent.keys()
    assert shown["status"] == "Failed"
    assert [each["status"]["name"] for each in shown["messages"]] == [
        each["status"]["name"] for each in sent["messages"]
    ]
    assert [each["type"] for each in shown["messages"]] == ["Viber", "Sms", "Voice"]


def test_a_parameter_may_be_called_as_it_likes() -> None:
    """Names inside of what the client gave are its own: they open nothing."""
    parameters = {"status": "Nadia", "name": "Nadia", "reason": "Nadia"}
    body = told(a_flow(viber(NUMBER, templateParams=parameters)))
    assert "Nadia" in body
    assert "Nadia" not in json.dumps(body_shown(body))


def test_a_reply_is_masked() -> None:
    """Its text, its sender, what it is about."""
    reply = {"from": NUMBER, "message": "Thanks!", "label": "pickup", "direction": "Inbound"}
    assert body_shown(json.dumps(reply)) == {
        "from": MASK, "message": MASK, "label": MASK, "direction": "Inbound",
    }  # fmt: skip


_LEAF = st.text(min_size=3, alphabet="xyz").map(lambda text: f"Secret{text}")
_ANY = st.recursive(
    _LEAF,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["body", "text", *SHOWN, *ENTERED]), inner, max_size=3)
    ),
)
_UNKNOWN = st.sampled_from(["body", "text", "to", "templateParams", "message", "content"])


@given(st.dictionaries(_UNKNOWN, _ANY, min_size=1))
def test_nothing_inside_of_an_unknown_member_is_shown(body: dict[str, Any]) -> None:
    """However deep, and whatever it is called there."""
    assert set(body_shown(json.dumps(body)).values()) == {MASK}


SENT = json.dumps({"status": "Failed", "messages": [{"body": "Parcel 7731 is ready"}]})


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("no such shop", "no such shop"),
        ("status Failed?", "status Failed?"),
        ("I know nothing of 'parcel'", MASK),
        ('{"error": "PARCEL 7731"}', MASK),
        ("7731", MASK),
        ("call +306900000101 or https://a.test/secret", "call **** or https://a.test/****"),
        ("", ""),
    ],
)
def test_an_answer_is_shown_unless_it_repeats_what_was_sent(answer: str, shown: str) -> None:
    """A receiver may echo; then its owner can read it by the API."""
    assert answer_shown(answer, SENT) == shown
