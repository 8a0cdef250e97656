"""Sending, asking, and looking into the inbox."""

import json
import re
from typing import Any

import pytest

from tests.sandbox.bench import Service

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_a_repeated_reference_is_the_same_message(service: Service) -> None:
    """With dedupe: 200, the same id, one message, one script."""
    message = service.message()
    first, again = await service.send(message), await service.send(message)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == {"messageId": first.json()["messageId"], "status": "queued"}
    assert again.json() == {**first.json(), "duplicate": True}
    # Two seconds later a second script would have reported.
    later = service.message("+306900000110")
    await service.send(later)
    await service.reports(later, 1)
    assert [report.status for report in await service.reports(message, 2)] == ["sent", "delivered"]
    assert len(await service.inbox(message["reference"])) == 1
    assert await service.requests(message["reference"]) == [(1, 202), (2, 200)]


async def test_without_dedupe_a_repeated_reference_is_a_new_message(forgetful: Service) -> None:
    """Another id, another place in the inbox, its own reports."""
    message = forgetful.message()
    answers = [await forgetful.send(message), await forgetful.send(message)]
    ids = {answer.json()["messageId"] for answer in answers}
    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(ids) == 2
    reports = await forgetful.reports(message, 4)
    assert {(r.body["messageId"], r.status) for r in reports} == {
        (message_id, status) for message_id in ids for status in ("sent", "delivered")
    }
    assert {entry["messageId"] for entry in await forgetful.inbox(message["reference"])} == ids


@pytest.mark.parametrize(("to", "channel"), [("+306900000110", "Sms"), ("+306900000116", "Viber")])
async def test_a_500_is_answered_to_every_repeat(service: Service, to: str, channel: str) -> None:
    """Though the message was accepted, and only once."""
    message = service.message(to, channel=channel)
    answers = [(await service.send(message)).status_code for _ in range(3)]
    assert answers == [500, 500, 500]
    assert len(await service.inbox(message["reference"])) == 1


async def test_without_dedupe_every_500_is_a_message(forgetful: Service) -> None:
    """That is what makes a blind repeat of a send wrong."""
    message = forgetful.message("+306900000110")
    for _ in range(2):
        await forgetful.send(message)
    assert len(await forgetful.inbox(message["reference"])) == 2


async def test_a_429_says_when_to_come_back_and_accepts_nothing(service: Service) -> None:
    """After a second."""
    message = service.message("+306900000111")
    answer = await service.send(message)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert await service.inbox(message["reference"]) == []


async def test_a_message_can_be_asked_for(service: Service) -> None:
    """By id and by reference: the last status its script reached, with the reason."""
    message = service.message("+306900000105")
    message_id = (await service.send(message)).json()["messageId"]
    report = (await service.reports(message, 1))[0].body
    shown = {
        "messageId": message_id,
        "reference": message["reference"],
        "status": "undelivered",
        "reason": "Unknown Number",
    }
    by_id = await service.client.get(f"/messages/{message_id}")
    by_reference = await service.client.get("/messages", params={"reference": message["reference"]})
    assert by_id.json() == by_reference.json() == shown
    assert INSTANT.fullmatch(report.pop("at"))
    assert report == shown


async def test_a_silent_message_stays_queued(service: Service) -> None:
    """Nothing has been reached."""
    message = service.message("+306900000106")
    message_id = (await service.send(message)).json()["messageId"]
    shown = (await service.client.get(f"/messages/{message_id}")).json()
    assert (shown["status"], shown["reason"]) == ("queued", None)


@pytest.mark.parametrize("path", ["/messages/nobody", "/messages?reference=nobody"])
async def test_an_unknown_message_is_not_found(service: Service, path: str) -> None:
    """404, as JSON."""
    answer = await service.client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "unknown message"})


async def test_the_inbox_lists_what_arrived_oldest_first(service: Service) -> None:
    """With all that was sent; `to` picks one recipient."""
    sent = [service.message("+306900770106", content={"n": n}) for n in range(3)]
    ids = [(await service.send(message)).json()["messageId"] for message in sent]
    listed = (await service.client.get("/inbox", params={"to": "+306900770106"})).json()
    assert all(INSTANT.fullmatch(entry.pop("receivedAt")) for entry in listed)
    assert listed == [
        {
            "messageId": message_id,
            "reference": message["reference"],
            "channel": "Sms",
            "to": "+306900770106",
            "from": "AcmeShop",
            "content": message["content"],
            "status": "queued",
        }
        for message_id, message in zip(ids, sent, strict=True)
    ]


async def test_a_recipient_need_not_be_escaped_in_the_address(service: Service) -> None:
    """As people type it: ?to=+3069… is found like ?to=%2B3069…"""
    await service.send(service.message("+306900880106"))
    for plus in ("+", "%2B"):
        listed = (await service.client.get(f"/inbox?to={plus}306900880106")).json()
        assert [entry["to"] for entry in listed] == ["+306900880106"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", ""),
        ("reference", 7),
        ("channel", "Fax"),
        ("to", "nobody"),
        ("to", "0101@pbx.test"),
        ("from", ""),
        ("content", "hello"),
        ("validity", -1),
        ("validity", "90"),
        ("reportUrl", None),
    ],
)
async def test_bad_input_is_refused_by_its_field(service: Service, field: str, value: Any) -> None:
    """400 that names the field, and nothing in the inbox."""
    message = {**service.message(reference="refused.1"), field: value}
    answer = await service.send(message)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}: ")
    assert await service.inbox("refused.1") == []


@pytest.mark.parametrize(
    "field", ["reference", "channel", "to", "from", "content", "validity", "reportUrl"]
)
async def test_a_missing_field_is_named(service: Service, field: str) -> None:
    """All of them are required."""
    message = service.message()
    del message[field]
    answer = await service.send(message)
    assert (answer.status_code, answer.json()) == (400, {"error": f"{field}: Field required"})


@pytest.mark.parametrize("content", [r'{"body": "\ud800"}', '{"n": NaN}'])
async def test_content_that_cannot_be_shown_is_refused(service: Service, content: str) -> None:
    """Half a surrogate pair, not a number: either would break the inbox for everyone."""
    body = json.dumps(service.message(content="HERE")).replace('"HERE"', content)
    answer = await service.client.post(
        "/messages", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "content: must be plain JSON"})


async def test_a_body_that_is_not_json_is_refused(service: Service) -> None:
    """400, as JSON."""
    answer = await service.client.post(
        "/messages", content=b"{", headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "body: JSON decode error"})


@pytest.mark.parametrize(
    "template",
    [
        "https://127.0.0.1:{port}/r",
        "http://localhost:{port}/r",
        "http://127.0.0.1:{port}1/r",
        "http://127.0.0.1/r",
        "http://127.0.0.1:{port}@evil.test/r",
        "http://evil@127.0.0.1:{port}/r",
        "//127.0.0.1:{port}/r",
        "/r",
        "http://127.0.0.1:notaport/r",
        "",
    ],
)
async def test_reports_go_to_no_other_origin(service: Service, template: str) -> None:
    """400 that names reportUrl; the message is not accepted."""
    url = template.format(port=service.receiver.origin.rpartition(":")[2])
    answer = await service.send(service.message(reference="strange.1", reportUrl=url))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("reportUrl: ")
    assert await service.inbox("strange.1") == []
