"""Callbacks as their owners see them, and ask for them again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from accounts.demonstration import GLOBEX
from api import replaying
from api.dependencies import Services
from domain.errors import Unavailable
from domain.letter import Letter
from domain.progress import Progress
from domain.wire import iso, milliseconds
from storage.keys import Keyring
from storage.seal import Sealer
from tests.api.bench import Api, serving
from tests.keeping import a_letter, kept
from tests.samples import a_flow
from tracking.outbox import State
from workflows.client import FlowClient
from workflows.names import replay_id


@dataclass(frozen=True)
class Outbox:
    """The API, and what is on record."""

    api: Api
    database: AsyncEngine

    async def keep(self, state: State = State.DEAD, days: float = 0, **members: Any) -> Letter:
        """A letter of acme's on record, of so many days ago."""
        at = milliseconds(datetime.now(UTC) - timedelta(days=days))
        letter = a_letter(**{"at": at, **members})
        return await kept(self.database, self.api.services.sealer, letter, state)

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A request of the account."""
        return await self.api.http.request(method, path, headers=self.api.bearer(), **request)

    async def states(self, *letters: Letter) -> list[tuple[str, int]]:
        """Where each stands, and how often it was asked for again."""
        found = [(await self.ask("GET", f"/callbacks/{each.event}")).json() for each in letters]
        return [(each["state"], each["replays"]) for each in found]


@pytest.fixture
def outbox(alone: Api, database: AsyncEngine) -> Outbox:
    """The API without an engine: enough to read."""
    return Outbox(alone, database)


class Fickle(FlowClient):
    """An engine that answers, and then is away for whom it does not take."""

    taken: int = 0
    asked: int = 0

    async def is_healthy(self) -> bool:
        """It says so."""
        return True

    async def replay(self, account: str, tracking_id: str) -> None:
        """Taken, if one is to be yet."""
        self.asked += 1
        if self.taken <= 0:
            raise Unavailable("The replay could not be taken; ask for it again")
        self.taken -= 1


@pytest.fixture
async def fickle(engineless: Services, database: AsyncEngine) -> AsyncIterator[Outbox]:
    """The API on an engine that comes and goes."""
    flows = Fickle(engineless.flows._client, engineless.sealer, engineless.keys)
    async with serving(replace(engineless, flows=flows)) as api:
        yield Outbox(api, database)


def engine_of(fickle: Outbox) -> Fickle:
    """Its engine."""
    flows = fickle.api.services.flows
    assert isinstance(flows, Fickle)
    return flows


@pytest.fixture
def idle(api: Api, database: AsyncEngine) -> Outbox:
    """The API on the real engine, where nobody works."""
    return Outbox(api, database)


async def test_a_flows_callbacks_are_listed_with_their_attempts(outbox: Outbox) -> None:
    """In the order of its events, what waits among them."""
    flow = outbox.api.services.sealer.sealed(a_flow())
    await outbox.api.services.tracking.record(flow, Progress.of(flow))
    dead = await outbox.keep(seq=1, tracking_id=flow.tracking_id)
    waiting = await outbox.keep(State.WAITING, seq=2, tracking_id=flow.tracking_id)
    answer = await outbox.ask("GET", f"/failover/{flow.tracking_id.upper()}/callbacks")
    assert answer.status_code == 200
    first, second = answer.json()["content"]
    (attempt,) = first.pop("attempts")
    assert attempt.pop("at").endswith("Z")
    assert attempt == {"status": 410, "fault": "", "seconds": 0.5}
    assert first == {
        "id": dead.event,
        "trackingId": flow.tracking_id,
        "applicationId": "shop",
        "sequence": 1,
        "state": "Dead",
        "happenedAt": iso(dead.at),
        "replays": 0,
    }
    assert (second["id"], second["state"], second["attempts"]) == (waiting.event, "Waiting", [])


async def test_a_list_is_of_a_state_in_any_case_and_of_a_time(outbox: Outbox) -> None:
    """In pages like those of flows."""
    letters = [await outbox.keep(days=days) for days in range(5)]
    await outbox.keep(State.DELIVERED)
    query = {"state": "dead", "since": iso(letters[2].at), "page": "1", "size": "2"}
    page = (await outbox.ask("GET", "/callbacks", params=query)).json()
    assert [each["id"] for each in page.pop("content")] == [letters[2].event]
    assert page == {
        "totalPages": 2,
        "totalElements": 3,
        "number": 1,
        "size": 2,
        "numberOfElements": 1,
        "first": False,
        "last": True,
    }
    every = (await outbox.ask("GET", "/callbacks")).json()
    assert (every["totalElements"], every["size"]) == (6, 10)


@pytest.mark.parametrize(
    ("name", "value"),
    [("state", "gone"), ("since", "yesterday"), ("page", "-1"), ("size", "0"), ("size", "201")],
)
async def test_a_query_that_cannot_be_read_is_named(outbox: Outbox, name: str, value: str) -> None:
    """400, and which member it was."""
    answer = await outbox.ask("GET", "/callbacks", params={name: value})
    assert (answer.status_code, list(answer.json()["properties"])) == (400, [name])


async def test_one_callback_is_shown_in_full(outbox: Outbox) -> None:
    """What was sent and what was answered; of the address only where it is."""
    letter = await outbox.keep(body='{"trackingId":"x","messages":[{"body":"Parcel 7731"}]}')
    answer = await outbox.ask("GET", f"/callbacks/{letter.event}")
    told = answer.json()
    assert told["body"] == {"trackingId": "x", "messages": [{"body": "Parcel 7731"}]}
    assert (told["origin"], told["answer"]) == ("http://127.0.0.1:9", "no such shop")
    assert "secret" not in answer.text


@pytest.mark.parametrize("id", ["msg_x-1", "x" * 65, "a.b", "%00", "%C3%A9", "a%0A", "replay"])
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/replay")])
async def test_an_unknown_callback_is_not_found(
    outbox: Outbox, method: str, path: str, id: str
) -> None:
    """404, whatever stands in the path."""
    answer = await outbox.ask(method, f"/callbacks/{id}{path}")
    assert answer.status_code == 404
    assert answer.json() == {"code": "404000000", "developerMessage": "No callback has this id"}


async def test_what_still_waits_for_the_first_time_is_a_conflict(outbox: Outbox) -> None:
    """409: it will be tried again anyway."""
    letter = await outbox.keep(State.WAITING)
    answer = await outbox.ask("POST", f"/callbacks/{letter.event}/replay")
    assert (answer.status_code, answer.json()["code"]) == (409, "409000000")


@pytest.mark.server
@pytest.mark.parametrize("state", [State.DEAD, State.DELIVERED])
async def test_a_replay_is_handed_to_the_engine(idle: Outbox, engine: Client, state: State) -> None:
    """202 with where it stands; asked for twice it is one."""
    letter = await idle.keep(state)
    for _ in range(2):
        answer = await idle.ask("POST", f"/callbacks/{letter.event}/replay")
        assert answer.status_code == 202
        told = answer.json()
        assert (told["id"], told["state"], told["replays"]) == (letter.event, "Waiting", 1)
    handle = engine.get_activity_handle(replay_id("acme", letter.tracking_id))
    assert (await handle.describe()).activity_type == "replay"


@pytest.mark.server
async def test_dead_callbacks_of_a_time_are_handed_to_the_engine(
    idle: Outbox, engine: Client
) -> None:
    """The account's own, a replay for each flow."""
    flow = "c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02"
    dead = [await idle.keep(days=days, seq=days, tracking_id=flow) for days in (2, 3)]
    dead.append(await idle.keep(days=2))
    others = [
        await idle.keep(days=5),
        await idle.keep(days=1),
        await idle.keep(State.DELIVERED, days=2),
    ]
    theirs = await idle.keep(days=2, account="globex")
    now = datetime.now(UTC)
    window = {"since": iso(now - timedelta(days=4)), "until": iso(now - timedelta(days=1.5))}
    answer = await idle.ask("POST", "/callbacks/replay", json=window)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"callbacks": 3, "flows": 2, "more": False}
    assert await idle.states(*dead) == [("Waiting", 1)] * 3
    assert [replays for _, replays in await idle.states(*others)] == [0] * 3
    stranger = Outbox(idle.api.acting_as(GLOBEX), idle.database)
    assert await stranger.states(theirs) == [("Dead", 0)]
    for each in {letter.tracking_id for letter in dead}:
        described = await engine.get_activity_handle(replay_id("acme", each)).describe()
        assert described.activity_type == "replay"


async def test_a_request_takes_so_many_and_says_that_there_are_more(
    fickle: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repeated while it says so, it reaches every one."""
    assert replaying.LIMIT == 1000
    monkeypatch.setattr("api.callbacks.LIMIT", 2)
    engine_of(fickle).taken = 9
    letters = [await fickle.keep(days=days) for days in (3, 2, 1, 0)]
    since = iso(datetime.now(UTC) - timedelta(days=9))
    said = []
    for _ in range(2):
        answer = await fickle.ask("POST", "/callbacks/replay", json={"since": since})
        said.append(answer.json())
    assert said == [{"callbacks": 2, "flows": 2, "more": more} for more in (True, False)]
    assert await fickle.states(*letters) == [("Waiting", 1)] * 4


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "since"),
        ({"since": "soon"}, "since"),
        ({"since": (datetime.now(UTC) - timedelta(days=30.1)).isoformat()}, "since"),
        ({"since": datetime.now(UTC).isoformat(), "until": "2026-09-01"}, "until"),
        ({"since": datetime.now(UTC).isoformat(), "until": 1}, "until"),
    ],
)
async def test_a_window_that_makes_no_sense_is_named(
    outbox: Outbox, body: dict[str, Any], name: str
) -> None:
    """What is older is forgotten; an end before its beginning is a mistake."""
    answer = await outbox.ask("POST", "/callbacks/replay", json=body)
    assert (answer.status_code, list(answer.json()["properties"])) == (400, [name])


async def test_without_an_engine_no_callback_waits_for_it(outbox: Outbox) -> None:
    """503 before anything is changed; all of them are still dead, to be found as such."""
    letters = [await outbox.keep(), await outbox.keep()]
    since = iso(datetime.now(UTC) - timedelta(days=1))
    answer = await outbox.ask("POST", "/callbacks/replay", json={"since": since})
    assert (answer.status_code, answer.json()["code"]) == (503, "503000000")
    assert answer.headers["Retry-After"] == "1"
    assert await outbox.states(*letters) == [("Dead", 0)] * 2


async def test_one_callback_is_asked_for_until_the_engine_has_it(fickle: Outbox) -> None:
    """503 leaves it waiting; asked for again it is the same replay."""
    letter = await fickle.keep()
    path = f"/callbacks/{letter.event}/replay"
    answer = await fickle.ask("POST", path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert await fickle.states(letter) == [("Waiting", 1)]
    engine_of(fickle).taken = 1
    answer = await fickle.ask("POST", path)
    assert (answer.status_code, answer.json()["replays"]) == (202, 1)
    assert engine_of(fickle).asked == 2


async def test_a_window_is_asked_for_until_the_engine_has_all_of_it(fickle: Outbox) -> None:
    """The engine went away between two flows: a repetition hands over those that nobody tried."""
    letters = [await fickle.keep() for _ in range(3)]
    window = {"since": iso(datetime.now(UTC) - timedelta(days=1))}
    engine_of(fickle).taken = 1
    assert (await fickle.ask("POST", "/callbacks/replay", json=window)).status_code == 503
    assert await fickle.states(*letters) == [("Waiting", 1)] * 3
    engine_of(fickle).taken = 9
    answer = await fickle.ask("POST", "/callbacks/replay", json=window)
    assert answer.json() == {"callbacks": 3, "flows": 3, "more": False}
    assert await fickle.states(*letters) == [("Waiting", 1)] * 3


async def test_what_a_lost_key_sealed_has_no_body(outbox: Outbox, keys: Keyring) -> None:
    """It is shown all the same."""
    blind = Sealer(Keyring.parse("k9:" + "B" * 43 + "="))
    letter = await kept(outbox.database, blind, a_letter())
    told = (await outbox.ask("GET", f"/callbacks/{letter.event}")).json()
    assert (told["state"], told["body"], told["answer"]) == ("Dead", None, "")
