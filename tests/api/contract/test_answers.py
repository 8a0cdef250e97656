"""§2.6, §2.7, §3.1, §3.3: what is answered, and both worked examples as they are printed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.api.contract.bench import STANDARD, Door
from tests.samples import sms, viber, viber_message, voice

SAMPLES = Path(__file__).parent / "samples"
CALLBACK = {"strategy": "OnStep", "url": "https://hooks.acme.test/failover"}


def sample(name: str) -> Any:
    """A document of the contract."""
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def members(value: Any) -> Iterator[Any]:
    """Every value inside, at any depth."""
    for member in value.values() if isinstance(value, dict) else value:
        yield member
        if isinstance(member, dict | list):
            yield from members(member)


async def answers_as_printed(door: Door, name: str) -> None:
    """Have the example answered as it is printed, but for the id and the moment."""
    answer = await door.post(sample(f"{name}_request"))
    assert answer.status_code == 200, answer.text
    created = answer.json()
    own = {each: created[each] for each in ("trackingId", "createdAt")}
    assert created == {**sample(f"{name}_answer"), **own}


@pytest.mark.field("§2.7", "request and answer")
async def test_the_standard_example(standard: Door) -> None:
    """Viber, then Voice, then Sms."""
    await answers_as_printed(standard, "standard")


@pytest.mark.field("§3.3", "request and answer")
async def test_the_transactional_example(transactional: Door) -> None:
    """A template, then Sms."""
    await answers_as_printed(transactional, "transactional")


@pytest.mark.field("§3.3", "request and answer")
@pytest.mark.field("§2.4", "templateId")
async def test_the_example_of_a_refusal(standard: Door) -> None:
    """A template on the wrong endpoint."""
    answer = await standard.post({"flow": [viber_message(templateId="1d6f0a7e")]})
    assert (answer.status_code, answer.json()) == (400, sample("template_refused"))


@pytest.mark.field("§3.1", "flow")
async def test_each_endpoint_refuses_the_others_example(
    standard: Door, transactional: Door
) -> None:
    """At every member that belongs elsewhere, and at every one that is missing here."""
    assert set(await standard.refusal(sample("transactional_request"))) == {
        f"flow[0].{name}"
        for name in (
            "templateId", "templateLang", "templateParams", "deliveryScope", "seq", "message",
        )
    }  # fmt: skip
    assert set(await transactional.refusal(sample("standard_request"))) == {
        f"flow[0].{name}" for name in ("message", "label", "templateId", "templateLang")
    }


@pytest.mark.field("§2.6", "trackingId")
async def test_every_flow_has_a_tracking_id_of_its_own(door: Door) -> None:
    """A UUID; tracking finds the flow by it."""
    first, second = await door.created(sms()), await door.created(sms())
    assert first["trackingId"] != second["trackingId"]
    assert str(UUID(first["trackingId"])) == first["trackingId"]
    assert (await door.tracked(first))["trackingId"] == first["trackingId"]


@pytest.mark.field("§2.6", "createdAt")
async def test_a_flow_says_when_it_was_created(door: Door) -> None:
    """In UTC with milliseconds; tracking says the same."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    created = await door.created(sms())
    moment = datetime.strptime(created["createdAt"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert before <= moment <= datetime.now(UTC)
    assert len(created["createdAt"]) == len("2026-09-01T08:15:30.120Z")
    assert (await door.tracked(created))["createdAt"] == created["createdAt"]


@pytest.mark.field("§2.6", "flow", "callback")
async def test_an_answer_has_no_other_members_and_nothing_null(door: Door) -> None:
    """One client maps texts to what cannot be null."""
    text = viber_message() if door.path == STANDARD else viber()
    created = await door.created(text, voice(), sms(), callback=CALLBACK)
    root = {"trackingId", "flow", "callback", "createdAt"}
    assert created.keys() - {"flowKind"} == root
    assert created["callback"] == CALLBACK
    assert None not in list(members(created))


@pytest.mark.field("§2.6", "flowKind")
@pytest.mark.field("§3.1", "flowKind")
async def test_only_transactional_flows_have_a_kind(standard: Door, transactional: Door) -> None:
    """In the answer and in tracking; elsewhere the member is left out."""
    for door, kind in ((standard, None), (transactional, "transactional")):
        created = await door.created(sms())
        for shown in (created, await door.tracked(created)):
            assert shown.get("flowKind") == kind
            assert ("flowKind" in shown) == (kind is not None)


@pytest.mark.field("§3.1", "seq")
@pytest.mark.parametrize("given", [{}, {"seq": 42}])
async def test_a_template_always_has_its_seq(transactional: Door, given: Any) -> None:
    """Given or made."""
    echoed = await transactional.echo(viber(**given))
    assert isinstance(echoed["seq"], int)
