"""Addresses that a request gives us to call: none may lead inside our network."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import pytest

from api.dependencies import Services
from egress.reach import NOT_ALLOWED, Reach
from tests.api.bench import Api, a_request, serving
from tests.api.conftest import forgetting
from tests.samples import sms, viber, viber_message, voice

INSIDE = "http://10.1.2.3/"
PUBLIC = "https://hooks.acme.test/in"
OFFICE = Reach(opened=(ip_network("10.1.0.0/16"),))


def asking(url: str) -> dict[str, Any]:
    """A call that asks there what to say to a machine."""
    return voice(machineDetection={"strategy": "Continue", "eventUrl": url})


async def refused(api: Api, body: Mapping[str, Any], path: str = "/failover/transactional") -> Any:
    """The members that a refusal names."""
    answer = await api.http.post(path, json=dict(body), headers=api.bearer())
    assert answer.status_code == 400, answer.text
    return answer.json()["properties"]


async def test_every_address_is_refused_at_its_own_path(taking: Api) -> None:
    """All at once, by the places in which the client put them, whatever its `order` says."""
    steps = [sms(order=3), viber(order=2, inboundUrl=INSIDE), asking(INSIDE)]
    body = a_request(*steps, callback={"url": INSIDE})
    assert await refused(taking, body) == {
        "flow[1].inboundUrl": NOT_ALLOWED,
        "flow[2].machineDetection.eventUrl": NOT_ALLOWED,
        "callback.url": NOT_ALLOWED,
    }


async def test_a_free_form_message_is_looked_at_too(taking: Api) -> None:
    """The other endpoint has the same members."""
    body = a_request(viber_message(inboundUrl="http://[::1]/"), callback={"url": PUBLIC})
    assert await refused(taking, body, "/failover") == {"flow[0].inboundUrl": NOT_ALLOWED}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "https://192.168.1.1:8443/",
        "http://168.63.129.16/",
        "http://hooks.acme.test:6379/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://１２７.0.0.1/",
        "http://hooks.acme.test@127.0.0.1/",
        "http://hooks.acme.test#@127.0.0.1/",
        "http://hooks.acme.test\\@127.0.0.1/",
    ],
)
async def test_a_hostile_address_is_refused_in_a_sentence(taking: Api, url: str) -> None:
    """Which does not repeat it."""
    [(path, said)] = (await refused(taking, a_request(callback={"url": url}))).items()
    assert path == "callback.url"
    assert said.startswith(("Input should be", "Value error, Input should be"))
    assert "127.0.0.1" not in said


async def test_a_name_is_not_looked_up(taking: Api) -> None:
    """Nobody waits for a client's name server; where it leads is known when it is called."""
    body = a_request(viber(inboundUrl="http://localhost/"), callback={"url": "http://x.invalid/"})
    assert (await taking.create(body)).status_code == 200


async def test_what_the_operator_opened_is_taken(engineless: Services) -> None:
    """On any port; a name on another port may lead there."""
    services = replace(forgetting(engineless), reach=OFFICE)
    async with serving(services) as api:
        for url in ("http://10.1.2.3:9000/", "http://receiver.acme.test:9000/"):
            answer = await api.create(a_request(viber(inboundUrl=url), callback={"url": url}))
            assert answer.status_code == 200
        body = a_request(callback={"url": "http://10.2.2.3/"})
        assert await refused(api, body) == {"callback.url": NOT_ALLOWED}


async def test_a_repeated_request_gets_its_answer_though_the_rules_have_changed(
    engineless: Services,
) -> None:
    """The flow exists: closing a network refuses new ones."""
    services = replace(forgetting(engineless), reach=OFFICE)
    body, key = a_request(callback={"url": "http://10.1.2.3:9000/in"}), f"order-{uuid4()}"
    async with serving(services) as api:
        first = await api.create(body, key=key)
        assert first.status_code == 200
    async with serving(replace(services, reach=Reach())) as api:
        again = await api.create(body, key=key)
        assert (again.status_code, again.content) == (200, first.content)
        assert (await api.create(body)).status_code == 400
