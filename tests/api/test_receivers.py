"""Every kind of receiver, good and bad, and what becomes of a callback to it.

Real servers on loopback, the real API and the real publishing activity. `FULL=1` takes the deadline
of production, 10 s, which the slow ones then meet or miss by 0.1 s; otherwise it is 1 s.
"""

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
import trustme
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from api.dependencies import Services
from domain.flow import Flow, Publication
from egress.deliver import DEADLINE, Deliverer
from egress.reach import Reach
from egress.schedule import SLOTS
from storage.engine import reading
from storage.seal import Sealer
from tests.activities.test_callbacks import ended
from tests.api.bench import Api, a_request, serving
from tests.api.conftest import RECEIVERS, forgetting
from tests.egress.receivers import (
    Play,
    answering,
    drip_body,
    drip_headers,
    flood,
    hang_up,
    receiving,
    reset,
    slow,
)
from tests.samples import a_flow, sms
from tests.telling import publishing
from tracking.outbox import Kept, Outbox, State

FULL = bool(os.environ.get("FULL"))
LIMIT = DEADLINE if FULL else 1.0
JUST_IN_TIME, TOO_LATE = (9.9, 10.1) if FULL else (0.3, 1.7)

OPENED = Reach(opened=(ip_network("127.0.0.2/32"),))
"""One address of loopback stands for the world outside, the others for our network."""

METADATA = "http://169.254.169.254/latest/meta-data/"


HOST = "hooks.acme.test"


@dataclass
class Site:
    """Where the plays are staged: an authority, and a name's answers, one after the other."""

    authority: trustme.CA = field(default_factory=trustme.CA)
    answers: list[list[str]] = field(default_factory=lambda: [["127.0.0.2"]])
    asked: int = 0

    async def resolve(self, name: str) -> Sequence[str]:
        """The next answer; the last one stays."""
        assert name == HOST
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def tls(self, name: str, *, ended: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for that name."""
        until = datetime.now(UTC) - timedelta(days=1) if ended else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name, not_after=until).configure_cert(context)
        return context

    def trusting(self) -> ssl.SSLContext:
        """A client's context that believes our authority."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context


@dataclass(frozen=True)
class Seen:
    """What became of a callback: at the API, and on record."""

    at_the_api: int
    kept: Kept
    again_in: float | None

    @property
    def outcome(self) -> str:
        """In words."""
        if self.kept.state is State.WAITING and self.again_in is not None:
            return f"again in {self.again_in:.0f} s"
        return str(self.kept.state)

    @property
    def answers(self) -> str:
        """What was answered, or the fault, of each attempt."""
        return ", ".join(str(each.status or each.fault) for each in self.kept.attempts)


@dataclass(frozen=True)
class Client:
    """Orders a flow whose callback goes to an address, and has its end published."""

    api: Api
    database: AsyncEngine
    sealer: Sealer
    site: Site

    async def tries(self, url: str, *ages: float) -> Seen:
        """An attempt at each age of the event, in seconds; without any, one at once."""
        callback = {"url": url, "strategy": "OnCompletion"}
        answer = await self.api.create(a_request(sms(), callback=callback))
        if answer.status_code != 200:
            assert list(answer.json()["properties"]) == ["callback.url"]
        flow, again_in = a_flow(sms(), url=url), None
        for age in ages or (0,):
            again_in = await self._attempt(flow, age)
        return Seen(answer.status_code, await self._kept(flow), again_in)

    async def _attempt(self, flow: Flow, age: float) -> float | None:
        environment = ActivityEnvironment()
        environment.info = replace(
            environment.info,
            current_attempt_scheduled_time=flow.created_at + timedelta(seconds=age),
        )
        site = self.site
        async with Deliverer(OPENED, LIMIT, resolve=site.resolve, tls=site.trusting()) as deliverer:
            callbacks, _ = publishing(self.database, self.sealer, deliverer)
            sealed = self.sealer.sealed(flow)
            try:
                await environment.run(callbacks.publish, sealed, ended(flow), Publication.TOLD)
            except ApplicationError as fault:
                delay = fault.next_retry_delay
                return delay.total_seconds() if delay else None
        return None

    async def _kept(self, flow: Flow) -> Kept:
        outbox = Outbox(self.database, self.sealer)
        async with reading(self.database) as connection:
            kept = await outbox.kept(connection, f"msg_{flow.tracking_id}-2")
        assert kept is not None
        return kept


@pytest.fixture
async def client(engineless: Services, database: AsyncEngine) -> AsyncIterator[Client]:
    """The client of an API that lets callbacks to the one address pass."""
    async with serving(forgetting(replace(engineless, reach=OPENED))) as api:
        yield Client(api, database, engineless.sealer, Site())


Recording = Callable[[str, Seen, int], None]


@pytest.fixture
def recorded(record_property: Callable[[str, object], None]) -> Recording:
    """Adds a row to the table that is printed in the end."""

    def record(receiver: str, seen: Seen, connections: int) -> None:
        took = max(each.seconds for each in seen.kept.attempts)
        row = (receiver, seen.at_the_api, seen.answers, seen.outcome, connections, f"{took:.1f} s")
        record_property(RECEIVERS, row)

    return record


NEXT = r"again in (2[7-9]|3[0-3]) s"
"""The first slot, 30 s after the event, by up to a tenth earlier or later."""

ANSWERING: Sequence[tuple[str, Play, str, str]] = (
    ("200", answering(200), "200", "delivered"),
    ("204", answering(204), "204", "delivered"),
    (f"201 after {JUST_IN_TIME} s", slow(JUST_IN_TIME), "201", "delivered"),
    (f"201 after {TOO_LATE} s", slow(TOO_LATE), "TimeoutError|ReadTimeout", NEXT),
    ("a body that drips", drip_body, "TimeoutError", NEXT),
    ("headers that drip", drip_headers, "TimeoutError", NEXT),
    ("302 to metadata", answering(302, f"Location: {METADATA}"), "302", NEXT),
    ("410", answering(410), "410", "dead"),
    ("429, Retry-After: 120", answering(429, "Retry-After: 120"), "429", r"again in 1[23][0-9] s"),
    ("closed unanswered", hang_up, "RemoteProtocolError", NEXT),
    ("reset mid-answer", reset, "ReadError|RemoteProtocolError", NEXT),
    ("1 GB body", flood, "200", "delivered"),
)


@pytest.mark.parametrize(("name", "play", "answers", "outcome"), ANSWERING)
async def test_a_receiver_that_is_reached(
    name: str, play: Play, answers: str, outcome: str, client: Client, recorded: Recording
) -> None:
    """By its name, at the one address that it has."""
    async with receiving(play, host=HOST) as receiver:
        seen = await client.tries(receiver.url)
    recorded(name, seen, receiver.connections)
    assert seen.at_the_api == 200
    assert re.fullmatch(answers, seen.answers)
    assert re.fullmatch(outcome, seen.outcome)
    assert (receiver.connections, client.site.asked) == (1, 1)


async def test_a_receiver_that_recovers(client: Client, recorded: Recording) -> None:
    """Five times 500, each repeated at its slot, then 200: delivered, the same each time."""
    left = [answering(500)] * 5 + [answering(200)]

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await left.pop(0)(reader, writer)

    async with receiving(play, host=HOST) as receiver:
        seen = await client.tries(receiver.url, 0, *SLOTS[:5])
    recorded("500 five times, then 200", seen, receiver.connections)
    assert seen.answers == "500, 500, 500, 500, 500, 200"
    assert seen.outcome == "delivered"
    assert len({body for _, body in receiver.requests}) == 1


@pytest.mark.parametrize(
    ("name", "of", "ended", "answers", "outcome"),
    [
        ("https", HOST, False, "200", "delivered"),
        ("expired certificate", HOST, True, "CertificateNotTrusted", NEXT),
        ("certificate of another name", "evil.test", False, "CertificateNotTrusted", NEXT),
    ],
)
async def test_a_receiver_with_a_certificate(
    name: str,
    of: str,
    ended: bool,
    answers: str,
    outcome: str,
    client: Client,
    recorded: Recording,
) -> None:
    """Verified for the name, though the connection goes to the address."""
    tls = client.site.tls(of, ended=ended)
    async with receiving(answering(200), tls, host=HOST) as receiver:
        seen = await client.tries(receiver.url)
    recorded(name, seen, receiver.connections)
    assert (seen.at_the_api, seen.answers) == (200, answers)
    assert re.fullmatch(outcome, seen.outcome)


async def test_a_name_that_changes_between_check_and_connection(
    client: Client, recorded: Recording
) -> None:
    """It is asked for once: what was judged is what is connected to, and the next time judged."""
    client.site.answers = [["127.0.0.2"], ["127.0.0.1"]]
    async with receiving(answering(500), host=HOST) as receiver:
        seen = await client.tries(receiver.url, 0, SLOTS[0])
    recorded("DNS that changes to 127.0.0.1", seen, receiver.connections)
    assert seen.answers == "500, AddressNotAllowed"
    assert (receiver.connections, client.site.asked) == (1, 2)


async def test_a_name_with_a_good_and_a_bad_address(client: Client, recorded: Recording) -> None:
    """One bad answer refuses the name; it may be mended, so it is tried again."""
    client.site.answers = [["127.0.0.2", "127.0.0.1"]]
    async with receiving(answering(200), host=HOST) as receiver:
        seen = await client.tries(receiver.url)
    recorded("good and bad answers", seen, receiver.connections)
    assert (seen.at_the_api, seen.answers) == (200, "AddressNotAllowed")
    assert re.fullmatch(NEXT, seen.outcome)
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:1]",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "user@127.0.0.2",
        "user:secret@hooks.acme.test",
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
    ],
)
async def test_an_address_that_is_never_called(
    host: str, client: Client, recorded: Recording
) -> None:
    """400 at the API; of a flow that was stored before the rule, dead at once."""
    async with receiving(answering(200), host=host) as receiver:
        seen = await client.tries(receiver.url)
    recorded(host, seen, receiver.connections)
    assert (seen.at_the_api, seen.answers) == (400, "AddressNotAllowed")
    assert seen.outcome == "dead"
    assert receiver.connections == 0


async def test_a_port_that_is_never_called(
    engineless: Services, database: AsyncEngine, recorded: Recording
) -> None:
    """Ssh is no receiver; only what the operator opened has any port."""
    async with serving(forgetting(engineless)) as api:
        client = Client(api, database, engineless.sealer, Site())
        seen = await client.tries("https://93.184.215.14:22/")
    recorded("port 22", seen, 0)
    assert (seen.at_the_api, seen.answers) == (400, "AddressNotAllowed")
    assert seen.outcome == "dead"
