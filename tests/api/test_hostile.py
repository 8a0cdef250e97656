"""Bodies that no honest client sends: never a 5xx, never an answer that is no JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api import examples
from domain.flow import StepRef
from domain.progress import DeliveryReport
from domain.status import Status
from tests.api.bench import CREATE, Api, a_request
from tests.samples import sms, viber, voice


def strictly(text: str) -> Any:
    """JSON as the standard has it: no NaN, no Infinity."""

    def never(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=never)


async def answered(api: Api, body: str | bytes) -> httpx.Response:
    """The answer: accepted or refused, and if accepted readable in tracking to its last step."""
    answer = await api.create(body)
    assert answer.status_code in {200, 400, 404}, answer.text
    told = strictly(answer.text)
    if answer.status_code != 200:
        assert told["code"][:3] == str(answer.status_code)
        return answer
    for order in range(1, len(told["flow"]) + 1):
        ref = StepRef(account="acme", tracking_id=told["trackingId"], order=order)
        failed = DeliveryReport(order=order, status=Status.FAILED, at=datetime.now(UTC))
        await api.services.tracking.append(ref, failed)
    tracked = await api.track(told["trackingId"])
    assert tracked.status_code == 200, tracked.text
    assert len(strictly(tracked.text)["messages"]) == len(told["flow"])
    return answer


def spliced(step: dict[str, Any], raw: str) -> str:
    """A request of the step, the text "@" in it replaced by raw JSON."""
    return json.dumps(a_request(step)).replace('"@"', raw)


def nested(depth: int, opening: str = '{"a":', closing: str = "}") -> str:
    """JSON of that depth."""
    return opening * depth + "1" + closing * depth


NO_REQUEST = {
    "nothing": "",
    "blank": "  ",
    "half": '{"flow":[',
    "trailing": "{}}",
    "single quotes": "{'flow':1}",
    "comment": "{/**/}",
    "array": "[]",
    "array of steps": json.dumps([sms()]),
    "null": "null",
    "text": '"flow"',
    "number": "1",
    "NaN": "NaN",
    "not UTF-8": b'\xff\xfe{"flow":1}',
    "half a character": b'{"flow":"\xc3"}',
    "NUL": b"\0",
    "endless number": '{"flow":' + "9" * 5000 + "}",
    "array too deep to read": nested(30_000, "[", "]"),
}


@pytest.mark.parametrize("body", NO_REQUEST.values(), ids=NO_REQUEST)
async def test_what_is_no_json_object_is_refused(alone: Api, body: str | bytes) -> None:
    """400, in the contract's shape."""
    answer = await alone.create(body or b"")
    assert answer.status_code == 400
    assert answer.json()["code"] == "400000000"
    assert answer.json()["developerMessage"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_must_say_that_it_is_json(alone: Api, kind: str) -> None:
    """400 rather than a guess."""
    headers = {**alone.bearer(), **({"Content-Type": kind} if kind else {})}
    answer = await alone.http.post(CREATE, content=json.dumps(a_request()), headers=headers)
    assert answer.status_code == 400


async def test_json_may_name_its_character_set(taking: Api) -> None:
    """As real clients do."""
    headers = {**taking.bearer(), "Content-Type": "application/json; charset=utf-8"}
    answer = await taking.http.post(CREATE, content=json.dumps(a_request()), headers=headers)
    assert answer.status_code == 200


NUMBERS = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "9" * 400, "-0", "1e0"]
NUMERIC = {
    "viber ttl": viber(ttl="@"),
    "sms ttl": sms(ttl="@"),
    "seq": viber(seq="@"),
    "order": sms(order="@"),
    "parameter": viber(templateParams={"a": "@", "b": "x"}),
    "validity": sms(urlShortener={"urlValidity": "@"}),
    "repeat": voice(
        dialPlan={"verbs": [{"type": "PLAY", "fileURL": "http://a.test/a.wav", "repeat": "@"}]}
    ),
    "flash": sms(message={"body": "x", "flash": "@"}),
    "unknown": sms(unknown="@"),
}


@pytest.mark.parametrize("place", NUMERIC.values(), ids=NUMERIC)
async def test_odd_numbers(taking: Api, place: dict[str, Any]) -> None:
    """Refused or taken, and what was taken can be read again."""
    for number in NUMBERS:
        await answered(taking, spliced(place, number))


@pytest.mark.parametrize("place", ["viber ttl", "sms ttl", "seq", "order", "parameter"])
async def test_what_is_no_finite_number_is_refused(alone: Api, place: str) -> None:
    """It could not be written down again."""
    for number in ("NaN", "Infinity", "1e400"):
        assert (await alone.create(spliced(NUMERIC[place], number))).status_code == 400


TEXTS = [r'"\ud800"', r'"a\udfffb"', r'"\u0000"', r'"a\u0000b"', r'"\uffff\u202e"', r'"😀"']
TEXTUAL = {
    "body": sms(message={"body": "@"}),
    "label": sms(message={"body": "x", "label": "@"}),
    "from": sms(**{"from": "@"}),
    "to": sms(to="@"),
    "type": sms(type="@"),
    "statuses": sms(failoverOnStatuses=["@"]),
    "sender": viber(senderInfoTrackingId="@"),
    "template": viber(templateId="@"),
    "language": viber(templateLang="@"),
    "parameter": viber(templateParams={"a": "@"}),
    "name of a parameter": viber(templateParams={"@": "x"}),
    "name of a wrong parameter": viber(templateParams={"@": {"a": 1}}),
    "inbound": viber(inboundUrl="@"),
    "sip": voice() | {"to": {"sip": "@"}},
    "speech": voice(
        dialPlan={"verbs": [{"type": "SAY", "message": {"language": "en-GB", "text": "@"}}]}
    ),
    "unknown": sms(unknown="@"),
    "name of an unknown": {**sms(), "@": 1},
}


@pytest.mark.parametrize("place", TEXTUAL.values(), ids=TEXTUAL)
async def test_odd_texts(taking: Api, place: dict[str, Any]) -> None:
    """Lone surrogates, NULs, directions: refused or taken, and what was taken can be read again."""
    for text in TEXTS:
        await answered(taking, spliced(place, text))


@pytest.mark.parametrize("place", ["body", "label", "to", "sender", "parameter", "inbound"])
async def test_a_lone_surrogate_is_refused(alone: Api, place: str) -> None:
    """No UTF-8 could hold it."""
    assert (await alone.create(spliced(TEXTUAL[place], r'"\ud800"'))).status_code == 400


DEEP = {
    "flow": '{"flow":@}',
    "step": '{"flow":[@]}',
    "unknown member": json.dumps(a_request(sms()))[:-1] + ',"x":@}',
    "member of a step": json.dumps(a_request(sms(message="@"))).replace('"@"', "@"),
    "parameter": json.dumps(a_request(viber(templateParams={"a": "@"}))).replace('"@"', "@"),
    "callback": json.dumps(a_request(callback="@")).replace('"@"', "@"),
}


@pytest.mark.parametrize("depth", [50, 400, 900, 10_000])
@pytest.mark.parametrize("place", DEEP.values(), ids=DEEP)
async def test_deep_nesting(taking: Api, place: str, depth: int) -> None:
    """However deep, in objects and in arrays."""
    await answered(taking, place.replace("@", nested(depth)))
    await answered(taking, place.replace("@", nested(depth, "[", "]")))


FULL: dict[str, Any] = {
    **examples.TRANSACTIONAL,
    "flow": [
        *examples.TRANSACTIONAL["flow"],
        voice(machineDetection={"strategy": "Hangup"}, failoverOnStatuses=["Busy"]),
    ],
}


KINDS: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], [1], [[]], [None], {}, {"a": 1}, 10**18]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside."""
    if path:
        yield path
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, member in inner:
            yield from places(member, (*path, name))


def replaced(value: Any, path: tuple[str | int, ...], other: Any) -> Any:
    """A copy with another value at the path."""
    if not path:
        return other
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], other)
    return copy


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=".".join(map(str, path))) for path in places(FULL)]
)
async def test_any_type_anywhere(taking: Api, path: tuple[str | int, ...]) -> None:
    """Each member of a full request as each type of JSON."""
    for other in KINDS:
        await answered(taking, json.dumps(replaced(FULL, path, other)))
