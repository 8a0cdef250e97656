"""Every route says "come again" when the database, that even callers are looked up in, is away."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from structlog.testing import capture_logs

from accounts.ledger import Ledger
from accounts.records import Accounts
from storage.engine import connect
from tests.api.bench import Api, a_request, serving
from tests.api.test_doors import DOORS
from tests.databases import Databases
from tracking.callbacks import CallbackRecords
from tracking.conversations import Conversations
from tracking.parts import Parts
from tracking.records import Tracking

TRACKING_ID = "71d0c1a2-52bb-4a0f-9ef1-6e0cbb0f7d3e"


@pytest.fixture
async def blind(alone: Api, databases: Databases) -> AsyncIterator[Api]:
    """The API with neither a database nor an engine."""
    database = connect(databases.away)
    without = replace(
        alone.services,
        accounts=Accounts(database),
        ledger=Ledger(database),
        parts=Parts(database),
        conversations=Conversations(database, alone.services.keys),
        tracking=Tracking(database, alone.services.sealer),
        callbacks=CallbackRecords(database, alone.services.sealer),
    )
    async with serving(without) as api:
        yield api
    await database.dispose()


def assert_away(answer: httpx.Response) -> None:
    """503 in the contract's shape, and when to come again."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["code"] == "503000000"


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_every_route_with_a_caller_says_come_again(
    blind: Api, method: str, path: str
) -> None:
    """Whether the caller may is not known: neither 401 nor 500; no traceback is logged."""
    address = path.format(tracking_id=TRACKING_ID, callback_id="x")
    for body in (a_request(), {"flow": "no list"}):
        with capture_logs() as logs:
            assert_away(
                await blind.http.request(method, address, json=body, headers=blind.bearer())
            )
        assert not [line for line in logs if "exc_info" in line]


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_it_says_so_to_whoever_sends_nonsense(blind: Api, method: str, path: str) -> None:
    """As it is the caller that comes first."""
    address = path.format(tracking_id=TRACKING_ID, callback_id="x")
    headers = {**blind.bearer(), "Content-Type": "application/json"}
    assert_away(await blind.http.request(method, address, content=b"{", headers=headers))


async def test_the_token_endpoint_says_come_again(blind: Api) -> None:
    """A right secret must not look wrong."""
    assert_away((await blind.token())[0])


async def test_a_report_is_sent_again(blind: Api) -> None:
    """Nobody has it, so it must not be taken."""
    assert_away(await blind.report(blind.report_token(), {"status": "delivered"}))
