"""Two accounts: neither learns of the other's flows, senders or templates, by any route."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application
from accounts.demonstration import ACME, ACME_SHOP, GLOBEX, PIN
from domain.flow import Flow
from domain.letter import Letter
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from tests.api.bench import CREATE, Api, a_request
from tests.api.test_doors import DOORS
from tests.keeping import a_letter, kept
from tests.money import customer, ordered_by, sender_of
from tests.samples import a_flow, sms, viber
from tracking.reopening import Window

NAMING = [(method, path) for method, path in DOORS if "{tracking_id}" in path]
SEARCH = "/failover/tracking"
CALLBACK = [(method, path) for method, path in DOORS if "{callback_id}" in path]
OTHERS = {
    ("POST", "/failover"),
    ("POST", CREATE),
    ("GET", SEARCH),
    ("POST", SEARCH),
    ("GET", "/callbacks"),
    ("POST", "/callbacks/replay"),
}
"""The doors that name neither a flow nor a callback."""

NUMBER = "+306900000177"


@dataclass(frozen=True)
class Tenant:
    """The API as one account calls it, and that account's flow."""

    api: Api
    flow: Flow

    @property
    def application(self) -> Application:
        """Who it is."""
        return self.api.application

    async def ask(self, method: str, address: str, **request: Any) -> httpx.Response:
        """A request of its own."""
        return await self.api.http.request(method, address, headers=self.api.bearer(), **request)

    async def found(self, method: str, **request: Any) -> list[str]:
        """The tracking ids on its page of a search, which must count no others."""
        answer = await self.ask(method, SEARCH, **request)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["totalElements"] == len(page["content"])
        return [each["trackingId"] for each in page["content"]]


@pytest.fixture
async def tenants(alone: Api) -> tuple[Tenant, Tenant]:
    """Acme and globex; each has one flow to the same number, which stands alike."""
    made = []
    for application in (ACME, GLOBEX):
        flow = ordered_by(application, a_flow(sms(NUMBER), viber(NUMBER)))
        sealed = alone.services.sealer.sealed(flow)
        progress = Progress.of(sealed).begun(sealed.steps[0], flow.created_at)
        report = DeliveryReport(order=1, status=Status.DELIVERED, at=flow.created_at)
        await alone.services.tracking.record(sealed, progress.after(sealed, report))
        made.append(Tenant(alone.acting_as(application), sealed))
    return made[0], made[1]


def pairs(tenants: tuple[Tenant, Tenant]) -> tuple[tuple[Tenant, Tenant], ...]:
    """Each of them with the other one."""
    first, second = tenants
    return ((first, second), (second, first))


def test_every_door_is_in_the_matrix() -> None:
    """One that names no flow must be added here by hand, with a test of what it shows."""
    assert {*DOORS} == OTHERS | {*NAMING} | {*CALLBACK}
    assert len(NAMING) >= 3
    assert len(CALLBACK) >= 2


@pytest.mark.parametrize(("method", "path"), NAMING)
async def test_anothers_flow_is_as_unknown_as_none(
    tenants: tuple[Tenant, Tenant], method: str, path: str
) -> None:
    """404, and not a byte differs from the answer to an id that nobody has."""
    for tenant, other in pairs(tenants):
        unknown = await tenant.ask(method, path.format(tracking_id=uuid4()))
        assert unknown.status_code == 404
        for spelled in (str.lower, str.upper):
            theirs = path.format(tracking_id=spelled(other.flow.tracking_id))
            answer = await tenant.ask(method, theirs)
            assert (answer.status_code, answer.content) == (404, unknown.content)
            assert set(answer.headers) == set(unknown.headers)
        own = await tenant.ask(method, path.format(tracking_id=tenant.flow.tracking_id))
        assert own.status_code != 404


async def _dead(tenant: Tenant, database: AsyncEngine) -> Letter:
    letter = a_letter(account=tenant.application.account, tracking_id=tenant.flow.tracking_id)
    return await kept(database, tenant.api.services.sealer, letter)


@pytest.mark.parametrize(("method", "path"), CALLBACK)
async def test_anothers_callback_is_as_unknown_as_none(
    tenants: tuple[Tenant, Tenant], database: AsyncEngine, method: str, path: str
) -> None:
    """404, and not a byte differs from the answer to an id that nobody has."""
    letters = {tenant.application.account: await _dead(tenant, database) for tenant in tenants}
    for tenant, other in pairs(tenants):
        unknown = await tenant.ask(method, path.format(callback_id=f"msg_{uuid4()}-1"))
        assert unknown.status_code == 404
        theirs = letters[other.application.account].event
        answer = await tenant.ask(method, path.format(callback_id=theirs))
        assert (answer.status_code, answer.content) == (404, unknown.content)
        assert set(answer.headers) == set(unknown.headers)
        own = letters[tenant.application.account].event
        assert (await tenant.ask(method, path.format(callback_id=own))).status_code != 404


async def test_callbacks_are_listed_and_reopened_for_their_account_only(
    tenants: tuple[Tenant, Tenant], database: AsyncEngine
) -> None:
    """Whatever is asked for; and no count tells of more."""
    letters = [await _dead(tenant, database) for tenant in tenants]
    for tenant, letter in zip(tenants, letters, strict=True):
        for query in ({}, {"state": "Dead"}, {"account": "acme"}, {"accountId": "globex"}):
            page = (await tenant.ask("GET", "/callbacks", params=query)).json()
            assert [each["id"] for each in page["content"]] == [letter.event]
            assert page["totalElements"] == 1
        listed = await tenant.ask("GET", f"/failover/{tenant.flow.tracking_id}/callbacks")
        assert [each["id"] for each in listed.json()["content"]] == [letter.event]
    first, second = tenants
    records = first.api.services.callbacks
    window = Window(letters[0].at - timedelta(days=1))
    assert (await records.reopen_dead(first.application.account, window, 9)).callbacks == 1
    page = (await second.ask("GET", "/callbacks")).json()
    assert [(each["state"], each["replays"]) for each in page["content"]] == [("Dead", 0)]


QUERIES: tuple[Mapping[str, str], ...] = (
    {},
    {"size": "2000"},
    {"status": "Succeeded"},
    {"type": "Sms"},
    {"to": NUMBER},
    {"terminationChannel": "Sms"},
    {"flowKind": "transactional"},
    {"dateStart": "2020-01-01", "sort": "createdAt,asc"},
    {"accountId": "acme", "account": "acme", "applicationId": ACME.id},
    {"accountId": "globex", "account": "globex", "applicationId": GLOBEX.id},
)


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_a_list_shows_ones_own_only(
    tenants: tuple[Tenant, Tenant], query: Mapping[str, str]
) -> None:
    """Whatever is asked for; and no count tells of more."""
    for tenant, _ in pairs(tenants):
        for method in ("GET", "POST"):
            assert await tenant.found(method, params=query) == [tenant.flow.tracking_id]


async def test_anothers_tracking_id_finds_nothing(tenants: tuple[Tenant, Tenant]) -> None:
    """By the query as by a filter."""
    for tenant, other in pairs(tenants):
        theirs = other.flow.tracking_id
        assert await tenant.found("GET", params={"trackingId": theirs}) == []
        for operator in ("is", "contains"):
            filter_ = {"fieldName": "trackingId", "searchOperator": operator, "searchTerm": theirs}
            answer = await tenant.ask("POST", SEARCH, json=[filter_])
            assert theirs not in answer.text
            assert answer.status_code == 400 or answer.json()["totalElements"] == 0


FILTERS = [
    ("to", "is", NUMBER),
    ("to", "contains", "6900000177"),
    ("to", "starts_with", "+30"),
    ("to", "is_not", "+306900000999"),
    ("status", "is", "Succeeded"),
    ("status", "is_not", "Failed"),
    ("type", "is", "Sms"),
    ("terminationChannel", "is", "Sms"),
    ("flowKind", "is", "transactional"),
]


@pytest.mark.parametrize(("field", "operator", "term"), FILTERS)
async def test_a_search_shows_ones_own_only(
    tenants: tuple[Tenant, Tenant], field: str, operator: str, term: str
) -> None:
    """Every field, by operators that both flows pass."""
    given = {"fieldName": field, "searchOperator": operator, "searchTerm": term}
    for tenant, _ in pairs(tenants):
        for body in (given, [given], [given, given]):
            assert await tenant.found("POST", json=body) == [tenant.flow.tracking_id]


async def test_a_page_beyond_ones_own_is_empty(tenants: tuple[Tenant, Tenant]) -> None:
    """The other's flow is not what comes next."""
    for tenant, _ in pairs(tenants):
        for sort in ("createdAt,asc", "createdAt,desc"):
            answer = await tenant.ask(
                "GET", SEARCH, params={"page": "1", "size": "1", "sort": sort}
            )
            page = answer.json()
            assert (page["content"], page["totalElements"]) == ([], 1)


async def test_applications_of_one_account_see_the_same_flows(
    tenants: tuple[Tenant, Tenant], database: AsyncEngine
) -> None:
    """The account is the tenant, not its application."""
    acme, globex = tenants
    second = Tenant(acme.api.acting_as(await customer(database, account="acme")), acme.flow)
    assert await second.found("GET") == [acme.flow.tracking_id]
    assert (await second.api.track(acme.flow.tracking_id)).status_code == 200
    assert (await second.api.track(globex.flow.tracking_id)).status_code == 404


async def test_anothers_sender_is_as_unknown_as_none(taking: Api, database: AsyncEngine) -> None:
    """Its id cannot be found out, nor be sent from."""
    globex = taking.acting_as(GLOBEX)
    own = await sender_of(database, GLOBEX)
    answers = {
        sender_id: await globex.create(a_request(viber(senderInfoTrackingId=sender_id)))
        for sender_id in (own.id, ACME_SHOP.id, str(uuid4()))
    }
    assert [answer.status_code for answer in answers.values()] == [200, 404, 404]
    assert answers[ACME_SHOP.id].content == [*answers.values()][2].content


async def test_anothers_template_is_any_template(taking: Api, database: AsyncEngine) -> None:
    """Acme registered it as OTP and must send a pin; globex did not, and may send what it likes."""
    globex = taking.acting_as(GLOBEX)
    sender = await sender_of(database, GLOBEX)
    step = viber(templateId=PIN.id)
    assert (await taking.create(a_request(step))).status_code == 400
    theirs = viber(templateId=PIN.id, senderInfoTrackingId=sender.id)
    assert (await globex.create(a_request(theirs))).status_code == 200


async def test_a_repeated_key_shows_nobody_elses_flow(taking: Api) -> None:
    """The key is the account's: with acme's key and body globex makes a flow of its own."""
    body, key = a_request(sms()), str(uuid4())
    ids = set()
    for application in (ACME, GLOBEX):
        api = taking.acting_as(application)
        answers = [await api.create(body, key=key) for _ in range(2)]
        assert answers[0].content == answers[1].content
        ids.add(answers[0].json()["trackingId"])
    assert len(ids) == 2
