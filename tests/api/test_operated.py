"""What `failover accounts` changes holds from the API's next request on."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.demonstration import ACME, ACME_SHOP, PIN, SECRETS, SMS_ONLY
from activities.intents import Intents
from domain.progress import Progress
from domain.status import Status
from tests.api.bench import Api, basic
from tests.conftest import Operate
from tests.money import ordered_by
from tests.samples import a_flow, request_step, sms, viber, viber_message, voice
from tracking.records import Tracking

STANDARD = "/failover"
SHORT = {"code": "400001009", "developerMessage": "Insufficient Balance"}
GERMAN = "+4915112345678"
LOOKALIKES = {"body": "ΑΒΕΖΗΙΚΜΝΟ" * 10}
"""Two parts as they are, one as Latin."""


@dataclass(frozen=True)
class Client:
    """A client with nothing but an id and a secret, as `failover accounts` printed them."""

    http: httpx.AsyncClient
    id: str
    secret: str

    async def token(self) -> httpx.Response:
        """Ask for an access token."""
        return await self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers=basic(self.id, self.secret),
        )

    async def signed_in(self) -> dict[str, str]:
        """The header of an access token."""
        answer = await self.token()
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def post(
        self, *steps: dict[str, Any], header: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST a flow of free-form messages, with a new token unless one is given."""
        headers = header or await self.signed_in()
        return await self.http.post(STANDARD, json={"flow": list(steps)}, headers=headers)


@pytest.fixture
def acme(taking: Api) -> Client:
    """The demonstration's first application."""
    return Client(taking.http, ACME.id, SECRETS[ACME.id])


def wrong(answer: httpx.Response) -> dict[str, str]:
    """The wrong members of a refused body."""
    assert (answer.status_code, answer.json()["code"]) == (400, "400000000"), answer.text
    properties: dict[str, str] = answer.json()["properties"]
    return properties


async def test_from_nothing_to_a_flow(taking: Api, operate: Operate) -> None:
    """An account, a sender, a token, a flow; out of money, topped up, and again."""
    made = (await operate("create", "initech", "--balance", "0.01", "--json")).data["application"]
    sender = (await operate("add-sender", "initech", "Initech", "--json")).data["id"]
    client = Client(taking.http, made["id"], made["secret"])
    step = viber_message(senderInfoTrackingId=sender.upper())
    created = await client.post(step)
    assert created.status_code == 200, created.text
    tracked = await client.http.get(
        f"/failover/tracking/{created.json()['trackingId']}", headers=await client.signed_in()
    )
    assert tracked.status_code == 200
    await operate("top-up", "initech", "-0.01")
    short = await client.post(step)
    assert (short.status_code, short.json()) == (400, SHORT)
    await operate("top-up", "initech", "5")
    assert (await client.post(step)).status_code == 200


async def test_a_rotated_secret_is_refused_at_once(acme: Client, operate: Operate) -> None:
    """Tokens that it got stay valid for their hour."""
    header = await acme.signed_in()
    new = (await operate("rotate-secret", ACME.id, "--json")).data["secret"]
    assert (await acme.token()).status_code == 401
    assert (await Client(acme.http, ACME.id, new).token()).status_code == 200
    assert (await acme.post(sms(), header=header)).status_code == 200


async def test_an_old_secret_is_good_as_long_as_it_is_kept(acme: Client, operate: Operate) -> None:
    """Both are, so that clients can be told one after the other."""
    new = (await operate("rotate-secret", ACME.id, "--keep-old", "24h", "--json")).data["secret"]
    for secret in (acme.secret, new):
        assert (await Client(acme.http, ACME.id, secret).token()).status_code == 200
    await operate("rotate-secret", ACME.id, "--keep-old", "0s")
    for secret in (acme.secret, new):
        assert (await Client(acme.http, ACME.id, secret).token()).status_code == 401


async def test_a_removed_applications_token_opens_nothing(acme: Client, operate: Operate) -> None:
    """Its account's other applications still see its flows."""
    header = await acme.signed_in()
    created = (await acme.post(sms(), header=header)).json()
    await operate("remove-application", ACME.id, "--yes")
    tracking = f"/failover/tracking/{created['trackingId']}"
    assert (await acme.post(sms(), header=header)).status_code == 401
    assert (await acme.http.get(tracking, headers=header)).status_code == 401
    assert (await acme.token()).status_code == 401
    await operate("set", SMS_ONLY.id, "--clear", "roles")
    other = Client(acme.http, SMS_ONLY.id, SECRETS[SMS_ONLY.id])
    assert (await acme.http.get(tracking, headers=await other.signed_in())).status_code == 200


async def test_an_inactive_sender_is_unknown(acme: Client, operate: Operate) -> None:
    """404020000, until it is active again."""
    for state, status in (("inactive", 404), ("active", 200)):
        await operate("set-sender", ACME_SHOP.id, "--state", state)
        answer = await acme.post(viber_message())
        assert answer.status_code == status
        assert status == 200 or answer.json()["code"] == "404020000"


async def test_a_default_sender_sends_what_names_none(acme: Client, operate: Operate) -> None:
    """Cleared, `from` is required again."""
    nameless = {name: value for name, value in sms().items() if name != "from"}
    await operate("set", ACME.id, "--default-sender", "Acme 2")
    (step,) = (await acme.post(nameless)).json()["flow"]
    assert step["from"] == "Acme 2"
    await operate("set", ACME.id, "--clear", "default-sender")
    assert wrong(await acme.post(nameless)) == {"flow[0].from": "Field required"}


async def test_transcoding_saves_a_part(acme: Client, operate: Operate) -> None:
    """Two parts cost more than a cap of one part's price; the one that is left does not."""
    await operate("set", ACME.id, "--daily-cap", "0.04")
    step = sms(message=LOOKALIKES)
    for option, status in (("--transcode", 200), ("--no-transcode", 400)):
        await operate("set", ACME.id, option)
        answer = await acme.post(step)
        assert answer.status_code == status
        assert status == 200 or answer.json() == SHORT


async def test_an_application_sends_to_its_destinations_only(
    acme: Client, operate: Operate
) -> None:
    """The path of each step that may not go out is named; cleared, everywhere is allowed."""
    steps = [sms(), sms(GERMAN), voice(GERMAN), {**voice(), "to": {"sip": "pbx@acme.test"}}]
    await operate("set", ACME.id, "--destinations", "+30,sip:")
    assert set(wrong(await acme.post(*steps))) == {"flow[1].to", "flow[2].to"}
    await operate("set", ACME.id, "--destinations", "+49")
    assert set(wrong(await acme.post(*steps))) == {"flow[0].to", "flow[3].to"}
    await operate("set", ACME.id, "--clear", "destinations")
    assert (await acme.post(*steps)).status_code == 200


async def test_the_daily_cap_ends_what_may_be_spent(
    acme: Client, operate: Operate, database: AsyncEngine, tracking: Tracking
) -> None:
    """At the door 400001009; reached while a flow goes on, its next step is Unsent."""
    await operate("set", ACME.id, "--daily-cap", "0.05")
    flow = ordered_by(ACME, a_flow(sms(), viber(), sms()))
    progress = Progress.of(flow)
    intents = Intents(database, tracking)
    answers = []
    for step, content in zip(flow.steps, (sms(), viber(), sms()), strict=True):
        progress = progress.begun(step, flow.created_at)
        intent = await intents.declare(flow, progress, request_step(content), "sandbox")
        answers.append(intent.answer and intent.answer.status)
    assert answers == [None, None, Status.UNSENT]
    capped = await acme.post(sms())
    assert (capped.status_code, capped.json()) == (400, SHORT)
    await operate("set", ACME.id, "--daily-cap", "0.09")
    assert (await acme.post(sms())).status_code == 200
    await operate("set", ACME.id, "--clear", "daily-cap")
    assert (await acme.post(sms(message={"body": "x" * 1000}))).status_code == 200


async def test_roles_scopes_and_lifetime_hold_for_the_next_token(
    acme: Client, operate: Operate
) -> None:
    """Roles and scopes even for those that were issued before."""
    header = await acme.signed_in()
    await operate("set", ACME.id, "--roles", "MT_ROLE_FAILOVER,MT_ROLE_SMS")
    assert (await acme.post(sms(), header=header)).status_code == 200
    assert (await acme.post(voice(), header=header)).status_code == 403
    await operate("set", ACME.id, "--scopes", "report", "--token-lifetime", "86400")
    assert (await acme.post(sms(), header=header)).status_code == 403
    token = (await acme.token()).json()
    assert (token["scope"], token["expires_in"]) == ("report", 86400)
    assert token["permissions"] == ["MT_ROLE_FAILOVER", "MT_ROLE_SMS"]


async def test_an_otp_template_requires_its_pin(taking: Api, operate: Operate) -> None:
    """As long as it is registered as one; any other id is taken as it is."""
    step = viber(templateId=PIN.id.upper())
    body = {"flow": [step]}
    path = "flow[0].templateParams.pin"
    assert wrong(await taking.create(body)) == {path: "Required by an OTP template"}
    await operate("remove-template", "acme", PIN.id)
    assert (await taking.create(body)).status_code == 200
    await operate("add-template", "acme", PIN.id)
    assert (await taking.create(body)).status_code == 200


async def test_a_price_holds_for_the_next_message(acme: Client, operate: Operate) -> None:
    """The nearest one: dearer than all the money, free, and as before."""
    await operate("price", "Sms", "1000.01", "--country", "GR")
    assert (await acme.post(sms())).json() == SHORT
    assert (await acme.post(sms(GERMAN))).status_code == 200
    await operate("price", "Sms", "0", "--account", "acme")
    assert (await acme.post(sms())).status_code == 200
    await operate("remove-price", "Sms", "--account", "acme")
    assert (await acme.post(sms())).json() == SHORT
    await operate("remove-price", "Sms", "--country", "GR")
    assert (await acme.post(sms())).status_code == 200
