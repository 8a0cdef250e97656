"""Gateway mode: who calls is what a gateway with the shared secret says (contract.md §1.3)."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import ALL_ROLES
from accounts.demonstration import ACME, GLOBEX
from api import app
from api.dependencies import Services
from api.gateway import Gateway
from domain.status import Channel
from settings import Settings
from storage.engine import reading
from storage.tables import flows
from tests.api.bench import CREATE, Api, Changed, a_request, serving
from tests.api.test_doors import assert_unknown
from tests.money import customer, price
from tests.samples import sms, viber, voice

SECRET = "the-gateway's-own-secret"
PATH = "/failover/tracking"


def saying(**said: str) -> dict[str, str]:
    """The headers of a gateway that speaks for acme, some of them changed or (by "-") left out."""
    names = {
        "secret": "X-Gateway-Secret",
        "account": "X-Account-Id",
        "application": "X-Application-Id",
        "roles": "X-Roles",
    }
    usual = {
        "secret": SECRET,
        "account": "acme",
        "application": ACME.id,
        "roles": ",".join(ALL_ROLES),
    }
    return {names[name]: value for name, value in (usual | said).items() if value != "-"}


def through(services: Services, **settings: str) -> Services:
    """The services behind a gateway."""
    return replace(services, gateway=Gateway(**({"secret": SECRET} | settings)))


@pytest.fixture
async def behind(taking: Api) -> AsyncIterator[Api]:
    """The API that believes a gateway."""
    async with serving(through(taking.services)) as api:
        yield api


async def ask(api: Api, headers: Mapping[str, str] | list[tuple[bytes, bytes]]) -> httpx.Response:
    """What the search answers those headers; that takes nothing but an identity."""
    return await api.http.get(PATH, headers=headers)


async def create(api: Api, headers: Mapping[str, str], *steps: dict[str, Any]) -> httpx.Response:
    """What is answered to a flow of these steps."""
    return await api.http.post(CREATE, json=a_request(*steps), headers=headers)


async def owner(api: Api, created: httpx.Response) -> tuple[str, str]:
    """The account and the application of a flow that must have been accepted."""
    assert created.status_code == 200, created.text
    query = select(flows.c.account, flows.c.application).where(
        flows.c.tracking_id == created.json()["trackingId"]
    )
    async with reading(api.services.tracking._engine) as connection:
        row = (await connection.execute(query)).one()
    return row.account, row.application


async def test_without_the_setting_the_headers_say_nothing(taking: Api) -> None:
    """401 without a token, and with one the token alone decides."""
    for secret in (SECRET, "", "-"):
        assert_unknown(await ask(taking, saying(secret=secret)))
        globex = taking.acting_as(GLOBEX)
        created = await create(taking, globex.bearer() | saying(secret=secret), sms())
        assert await owner(taking, created) == ("globex", GLOBEX.id)


def test_it_is_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a secret of 16 characters or more turns it on; an empty one is none."""
    assert app._gateway(Settings()) is None
    monkeypatch.setenv("FAILOVER_GATEWAY_SECRET", "")
    assert app._gateway(Settings()) is None
    monkeypatch.setenv("FAILOVER_GATEWAY_SECRET", "x" * 15)
    with pytest.raises(ValidationError):
        Settings()
    monkeypatch.setenv("FAILOVER_GATEWAY_SECRET", "x" * 16)
    assert app._gateway(Settings()) == Gateway("x" * 16)


def test_the_headers_names_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but that of the secret."""
    names = {"account": "X-Tenant", "application": "X-Client", "roles": "X-Groups"}
    monkeypatch.setenv("FAILOVER_GATEWAY_SECRET", SECRET)
    for each, name in names.items():
        monkeypatch.setenv(f"FAILOVER_GATEWAY_{each.upper()}_HEADER", name)
    assert app._gateway(Settings()) == Gateway(SECRET, *names.values())


async def test_the_gateway_says_who_calls(behind: Api) -> None:
    """The flow is that account's and application's, as if it had come with their token."""
    created = await create(behind, saying(), viber(), sms())
    assert await owner(behind, created) == ("acme", ACME.id)
    tracking_id = created.json()["trackingId"]
    assert (await behind.track(tracking_id)).status_code == 200
    assert (await behind.acting_as(GLOBEX).track(tracking_id)).status_code == 404
    globex = saying(account="globex", application=GLOBEX.id)
    path = f"/failover/tracking/{tracking_id}"
    for headers, status in ((saying(), 200), (globex, 404)):
        assert (await behind.http.get(path, headers=headers)).status_code == status


@pytest.mark.parametrize(
    "secret",
    ["", " ", SECRET[:-1], SECRET + "x", SECRET.upper(), f'"{SECRET}"', f"{SECRET},{SECRET}"],
)
async def test_a_wrong_secret_opens_nothing(behind: Api, secret: str) -> None:
    """Not even with a good token beside it: whoever claims to be the gateway must be it."""
    for token in ({}, behind.bearer()):
        assert_unknown(await ask(behind, token | saying(secret=secret)))


async def test_a_secret_may_have_any_characters(taking: Api) -> None:
    """Compared by its bytes; others that are no ASCII are wrong, and no fault."""
    secret = "κλειδί της πύλης, ¡señor!"
    said = [(name.encode(), value.encode()) for name, value in saying(secret="-").items()]
    given = {secret.encode(): 200, secret.encode()[:-1]: 401, b"\xff\xfe\x80": 401, b"a": 401}
    async with serving(through(taking.services, secret=secret)) as api:
        for each, status in given.items():
            answer = await ask(api, [(b"X-Gateway-Secret", each), *said])
            assert answer.status_code == status


@pytest.mark.parametrize("missing", ["account", "application"])
@pytest.mark.parametrize("value", ["-", "", " "])
async def test_a_gateway_must_say_both(behind: Api, missing: str, value: str) -> None:
    """401, and no token helps."""
    for token in ({}, behind.bearer()):
        assert_unknown(await ask(behind, token | saying(**{missing: value})))


ODD = [
    "a/b", "/acme", "acme/", "..", ".acme", "-acme", "_acme", "a b", "a,b", "a\tb", "a%2Fb", "a%b",
    "a\\b", "a:b", "a'b", 'a"b', "ac\0me", "ac\nme", "a*", "é", "x" * 65,
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_name_is_none(behind: Api, odd: str) -> None:
    """The account becomes a part of the flow's id: flow/{account}/{trackingId}."""
    for name in ("account", "application"):
        said = saying(**{name: odd})
        raw = [(each.encode(), value.encode("latin-1")) for each, value in said.items()]
        assert_unknown(await ask(behind, raw))


@pytest.mark.parametrize("name", ["a", "9", "A.b_c-9", "x" * 64, "64d0f2a1c9e77b0012ab34cd"])
async def test_a_plain_name_is_taken(behind: Api, name: str) -> None:
    """Of an account and an application that we do not know."""
    answer = await ask(behind, saying(account=name, application=f"{name[:63]}0"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["totalElements"] == 0


@pytest.mark.parametrize("name", list(saying()))
async def test_a_header_that_came_twice_is_not_believed(behind: Api, name: str) -> None:
    """The first may be the client's, let through by a gateway that only adds its own."""
    said = [(each.encode(), value.encode()) for each, value in saying().items()]
    assert (await ask(behind, said)).status_code == 200
    assert_unknown(await ask(behind, [(name.encode(), b"globex"), *said]))


async def test_another_accounts_application_is_not_believed(behind: Api) -> None:
    """The gateway and our own record contradict each other."""
    for account, application in (("globex", ACME.id), ("acme", GLOBEX.id), ("nobody-s", ACME.id)):
        assert_unknown(await ask(behind, saying(account=account, application=application)))


async def test_the_roles_are_the_gateways(behind: Api) -> None:
    """403 for a missing one, whatever roles we know of; they may stand with commas or spaces."""
    sending = "MT_ROLE_FAILOVER, MT_ROLE_SMS MT_ROLE_VIBER"
    assert (await create(behind, saying(roles=sending), sms(), viber())).status_code == 200
    refused = {
        "-": "MT_ROLE_FAILOVER",
        "": "MT_ROLE_FAILOVER",
        "MT_ROLE_SMS": "MT_ROLE_FAILOVER",
        "mt_role_failover": "MT_ROLE_FAILOVER",
        "MT_ROLE_FAILOVER": "MT_ROLE_VOICE",
        sending: "MT_ROLE_VOICE",
    }
    for roles, missing in refused.items():
        answer = await create(behind, saying(roles=roles), voice())
        assert answer.status_code == 403
        assert answer.json() == {
            "code": "403000000",
            "developerMessage": f"Access denied: {missing} is missing",
        }


async def test_a_known_application_keeps_its_settings(behind: Api, database: AsyncEngine) -> None:
    """What is ours to say: its default sender, where it may send; one that is unknown has none."""
    settled = replace(ACME, default_sender="AcmeShop", destinations=("+30",))
    nameless = {name: value for name, value in sms().items() if name != "from"}
    abroad = sms("+447700900123")
    accounts = Changed(settled, database)
    async with serving(replace(behind.services, accounts=accounts)) as api:
        known = [(await create(api, saying(), step)).status_code for step in (nameless, abroad)]
        stranger = saying(application="stranger")
        unknown = [(await create(api, stranger, step)).status_code for step in (nameless, abroad)]
    assert (known, unknown) == ([200, 400], [400, 200])


async def test_an_unknown_account_has_no_money(behind: Api, database: AsyncEngine) -> None:
    """What has a price is refused; what is free is not."""
    stranger = saying(account="nobody-s", application="stranger")
    answer = await create(behind, stranger, sms())
    assert (answer.status_code, answer.json()["code"]) == (400, "400001009")
    await price(database, Channel.SMS, 0)
    assert (await create(behind, stranger, sms())).status_code == 200


async def test_the_headers_may_have_other_names(taking: Api) -> None:
    """The usual ones then say nothing."""
    names = {"account_header": "X-Tenant", "application_header": "X-Client"}
    async with serving(through(taking.services, roles_header="X-Groups", **names)) as api:
        assert_unknown(await ask(api, saying()))
        said = {"X-Tenant": "globex", "X-Client": GLOBEX.id, "X-Groups": " ".join(ALL_ROLES)}
        created = await create(api, saying() | said, sms())
        assert await owner(api, created) == ("globex", GLOBEX.id)


async def test_a_token_works_beside_the_gateway(behind: Api) -> None:
    """A request without the gateway's secret needs one, and its other headers say nothing."""
    assert_unknown(await ask(behind, saying(secret="-")))
    created = await create(behind, behind.bearer() | saying(secret="-", account="globex"), sms())
    assert await owner(behind, created) == ("acme", ACME.id)


@pytest.mark.parametrize("gateway", [True, False])
async def test_the_bodys_account_is_ignored(
    behind: Api, database: AsyncEngine, gateway: bool
) -> None:
    """Neither accountId nor applicationId is taken from a client, wherever it stands."""
    other = await customer(database)
    forged = {"accountId": other.account, "applicationId": other.id}
    headers = saying() if gateway else behind.bearer()
    body = a_request({**sms(), **forged}, **forged)
    created = await behind.http.post(CREATE, json=body, headers=headers, params=forged)
    assert await owner(behind, created) == ("acme", ACME.id)
