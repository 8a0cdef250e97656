"""What a token is worth later: keys, applications, scopes and lifetimes change under it."""

import time
from dataclasses import replace

import jwt
import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts.base import Application
from accounts.tokens import AccessTokens
from api.dependencies import Services
from storage.engine import writing
from storage.keys import Keyring
from storage.tables import applications, secrets
from tests.api.bench import Api, basic, serving
from tests.api.test_doors import assert_unknown
from tests.conftest import KEYS
from tests.money import customer

NEW = "k2:" + "B" * 43 + "="
ANYWHERE = "/failover/tracking"
FORBIDDEN = {"code": "403000000"}


@pytest.fixture
async def somebody(alone: Api, database: AsyncEngine) -> Api:
    """The API as a new application calls it, which tests may change."""
    return alone.acting_as(await customer(database))


async def statuses(services: Services, *tokens: dict[str, str]) -> list[int]:
    """What an installation answers to each of these tokens."""
    async with serving(services) as api:
        return [(await api.http.get(ANYWHERE, headers=each)).status_code for each in tokens]


def keyed(api: Api, keys: str) -> Services:
    """The same installation with other keys for its tokens."""
    return replace(api.services, access_tokens=AccessTokens(Keyring.parse(keys)))


async def change(database: AsyncEngine, application: Application, **settings: object) -> None:
    """Have the application's row say something else."""
    async with writing(database) as connection:
        await connection.execute(
            update(applications).where(applications.c.id == application.id).values(**settings)
        )


async def test_keys_rotate_without_logging_anyone_out(alone: Api) -> None:
    """A new key in front: tokens of both work. Only what a removed key signed is refused."""
    old = alone.bearer()
    rotated = keyed(alone, f"{NEW},{KEYS}")
    async with serving(rotated) as api:
        new = api.bearer()
        _, fetched = await api.token()
    issued = {"Authorization": f"Bearer {fetched['access_token']}"}
    assert jwt.get_unverified_header(fetched["access_token"])["kid"] == "k2"
    assert await statuses(rotated, old, new, issued) == [200, 200, 200]
    assert await statuses(keyed(alone, f"{KEYS},{NEW}"), old, new) == [200, 200]
    assert await statuses(keyed(alone, NEW), old, new) == [401, 200]


async def test_a_removed_applications_token_is_none(somebody: Api, database: AsyncEngine) -> None:
    """At once, though it has an hour to live."""
    token = somebody.bearer()
    assert (await somebody.http.get(ANYWHERE, headers=token)).status_code == 200
    async with writing(database) as connection:
        own = somebody.application.id
        await connection.execute(delete(secrets).where(secrets.c.application == own))
        await connection.execute(delete(applications).where(applications.c.id == own))
    assert_unknown(await somebody.http.get(ANYWHERE, headers=token))


async def test_a_moved_applications_token_is_none(somebody: Api, database: AsyncEngine) -> None:
    """It was issued for the old account: it opens neither; a new one opens the new."""
    token = somebody.bearer()
    await change(database, somebody.application, account="acme")
    assert_unknown(await somebody.http.get(ANYWHERE, headers=token))
    moved = somebody.acting_as(replace(somebody.application, account="acme"))
    assert (await moved.http.get(ANYWHERE, headers=moved.bearer())).status_code == 200


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"roles": "MT_ROLE_SMS"}, "MT_ROLE_FAILOVER is missing"),
        ({"roles": ""}, "MT_ROLE_FAILOVER is missing"),
        ({"scopes": "report"}, "the token lacks the scope failover"),
        ({"scopes": ""}, "the token lacks the scope failover"),
    ],
)
async def test_what_is_taken_from_an_application_is_gone_at_once(
    somebody: Api, database: AsyncEngine, settings: dict[str, str], missing: str
) -> None:
    """403 with the token of before: it says who, our record says what it may."""
    token = somebody.bearer()
    await change(database, somebody.application, **settings)
    answer = await somebody.http.get(ANYWHERE, headers=token)
    assert answer.status_code == 403
    assert answer.json() == FORBIDDEN | {"developerMessage": f"Access denied: {missing}"}


async def test_a_token_never_says_more_than_it_was_issued_for(
    somebody: Api, database: AsyncEngine
) -> None:
    """What the application is given later is not in the token of before."""
    token = somebody.bearer(scopes=("report",))
    await change(database, somebody.application, scopes="failover report")
    answer = await somebody.http.get(ANYWHERE, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "403000000")


@pytest.mark.parametrize("lifetime", [60, 3600, 86400, 631139040])
async def test_a_token_lives_as_long_as_it_says(
    somebody: Api, database: AsyncEngine, lifetime: int
) -> None:
    """`expires_in` is the application's, and true: also of 20 years, beyond 32 bits of seconds."""
    await change(database, somebody.application, token_lifetime=lifetime)
    answer = await somebody.http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers=basic(somebody.application.id, "secret"),
    )
    token = answer.json()
    assert token["expires_in"] == lifetime
    claims = jwt.decode(token["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == lifetime
    assert abs(claims["iat"] - time.time()) < 30
    lasting = somebody.acting_as(replace(somebody.application, token_lifetime=lifetime))
    now = time.time()
    for age, status in ((0, 200), (lifetime - 30, 200), (lifetime + 60, 401)):
        bearer = lasting.bearer(at=now - age)
        assert (await lasting.http.get(ANYWHERE, headers=bearer)).status_code == status


async def test_an_old_token_outlives_a_shorter_lifetime(
    somebody: Api, database: AsyncEngine
) -> None:
    """What was promised to it is kept: a token is ended by its application, role or key."""
    token = somebody.bearer(at=time.time() - 1800)
    await change(database, somebody.application, token_lifetime=60)
    assert (await somebody.http.get(ANYWHERE, headers=token)).status_code == 200
