"""`failover doctor`: what the neighbours of an installation say."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import workflow
from temporalio.api.operatorservice.v1 import RemoveSearchAttributesRequest
from temporalio.client import Client
from temporalio.worker import Worker

from cli.checks.findings import Check, Finding, Findings, Grade, made, ok
from cli.checks.reaching import reached
from storage.engine import writing
from tests.certificates import self_signed
from tests.cli.looking import KANNEL, ROUTEE, SECRET, Doctor, asking, closed, origin
from tests.conftest import KEYS, NewNamespace, until
from tests.databases import Databases
from tests.egress.receivers import Receiver, answering, receiving, stay_silent
from tests.forking import Forks
from tests.processes import HOST
from workflows.client import has_worker
from workflows.names import FLOWS

AWAY = {"TEMPORAL_ADDRESS": closed().removeprefix("http://")}


@pytest.fixture
def look(forks: Forks, database_url: str, tmp_path: Path) -> Doctor:
    """Looks at an installation on a database of the newest schema, without an engine."""
    environment = {
        "FAILOVER_DATA_DIR": str(tmp_path),
        "FAILOVER_DATABASE_URL": database_url,
        "FAILOVER_KEYS": KEYS,
        "FAILOVER_REPORT_URL": closed(),
        "FAILOVER_SANDBOX_URL": closed(),
        **AWAY,
    }
    return asking(forks, environment)


@pytest.fixture
async def neighbour() -> AsyncIterator[Receiver]:
    """A server that answers whatever it is asked with {}."""
    async with receiving(answering(200, body=b"{}")) as receiver:
        yield receiver


async def test_a_whole_installation_is_healthy(look: Doctor, neighbour: Receiver) -> None:
    """The database, the sandbox and the report address answer; only the engine is away."""
    url = origin(neighbour)
    found = await look(FAILOVER_SANDBOX_URL=url, FAILOVER_REPORT_URL=url)
    assert found.wrong == {"engine"}
    assert found.only("engine")[1] == f"nobody answers at {AWAY['TEMPORAL_ADDRESS']}"
    assert found.only("database")[0] == "ok"
    assert found.only("sandbox")[1].startswith(url.removeprefix("http://"))
    assert [each[0] for each in found.findings["report address"]] == ["ok", "ok"]


async def test_nothing_is_sent_to_a_provider(look: Doctor, neighbour: Receiver) -> None:
    """A connection, and the HEAD that tells its clock: nothing that could cost."""
    found = await look(FAILOVER_KANNEL_URL=origin(neighbour), **KANNEL)
    assert found.only("kannel")[0] == "ok"
    assert {head.splitlines()[0] for head, _ in neighbour.requests} <= {"HEAD / HTTP/1.1"}
    assert all(SECRET not in head for head, _ in neighbour.requests)


async def test_another_schema_version_is_wrong(look: Doctor, database: AsyncEngine) -> None:
    """The worker would not start; `failover bootstrap` mends it."""
    async with writing(database) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    grade, said, mend = (await look()).only("database")
    assert (grade, mend) == ("wrong", "run `failover bootstrap`")
    assert "schema version 9999" in said


async def test_a_database_without_a_schema_is_wrong(look: Doctor, databases: Databases) -> None:
    """And none is made by looking for it."""
    async with databases.new(empty=True) as url:
        grade, _, mend = (await look(FAILOVER_DATABASE_URL=url)).only("database")
        assert (grade, mend) == ("wrong", "run `failover bootstrap`")
        # On SQLite looking would have made an empty file, in which no schema is found either.
        if url.startswith("sqlite"):
            assert (await look(FAILOVER_DATABASE_URL=url)).only("database")[
                1
            ] == "there is none yet"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql+psycopg://failover:{SECRET}@127.0.0.1:1/failover", "it does not answer"),
        (f"{SECRET}", "FAILOVER_DATABASE_URL is no address"),
    ],
)
async def test_a_database_that_does_not_answer_is_wrong(look: Doctor, url: str, said: str) -> None:
    """Its password is not shown."""
    grade, found, mend = (await look(FAILOVER_DATABASE_URL=url)).only("database")
    assert (grade, found.startswith(said)) == ("wrong", True)
    assert mend


async def test_a_provider_that_is_not_reached_is_wrong(look: Doctor, tmp_path: Path) -> None:
    """Nobody listens, no such name, a certificate that nobody vouches for."""
    refused = await look(FAILOVER_KANNEL_URL=closed(), **KANNEL)
    assert refused.only("kannel")[0] == "wrong"
    assert refused.only("kannel")[1].endswith(": nobody listens there")
    unknown = await look(FAILOVER_KANNEL_URL="https://smsbox.invalid", **KANNEL)
    assert unknown.only("kannel")[1] == "smsbox.invalid:443: its name does not resolve"
    async with receiving(answering(200), tls=self_signed(tmp_path)) as strange:
        found = await look(FAILOVER_KANNEL_URL=origin(strange), **KANNEL)
    assert "its certificate is not believed" in found.only("kannel")[1]
    assert strange.requests == []


async def test_who_does_not_speak_tls_is_not_reached() -> None:
    """Whether it says something else, or nothing at all."""

    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.acme.test ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(greet, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await reached(f"https://user:{SECRET}@{HOST}:{port}/x")
    assert str(found) == f"{HOST}:{port} not: it does not speak TLS with us"
    async with receiving(stay_silent) as silent:
        found = await reached(origin(silent).replace("http:", "https:"), patience=0.2)
    assert found.why == "no connection within 0.2 s"


@pytest.mark.parametrize(
    ("status", "body", "grade", "said"),
    [
        (200, b'{"access_token": "t", "expires_in": 3600}', "ok", "it gives an access token"),
        (401, b"{}", "wrong", "no access token: the issuer answered 401"),
        (200, b"{}", "wrong", "no access token: unreadable token answer"),
        (503, b"", "wrong", "no access token: the issuer answered 503"),
    ],
)
async def test_an_access_token_is_asked_for(
    look: Doctor, status: int, body: bytes, grade: str, said: str
) -> None:
    """That costs nothing, and shows whether id and secret are right."""
    async with receiving(answering(status, body=body)) as issuer:
        url = origin(issuer)
        where = {"FAILOVER_ROUTEE_BASE_URL": url, "FAILOVER_ROUTEE_TOKEN_URL": f"{url}/token"}
        found = await look(**ROUTEE, **where)
    assert found.findings["routee"][-1][:2] == (grade, said)
    posts = [head.splitlines()[0] for head, _ in issuer.requests if head.startswith("POST")]
    assert posts == ["POST /token HTTP/1.1"]


@pytest.mark.parametrize(("ahead", "grade"), [(0, "ok"), (20, "ok"), (40, "wrong"), (-40, "wrong")])
async def test_a_clock_that_is_off_is_wrong(look: Doctor, ahead: int, grade: str) -> None:
    """By more than 30 s, as the Date of an answer says."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    async with receiving(answering(200, f"Date: {date}")) as server:
        found = await look(FAILOVER_REPORT_URL=origin(server))
    told, said, _ = found.only("clock")
    assert told == grade
    if grade == "wrong":
        assert "ahead of us" in said if ahead > 0 else "behind us" in said


async def test_an_address_for_reports_that_leads_elsewhere_is_pointed_out(look: Doctor) -> None:
    """It may be reached from outside all the same, so it is not wrong."""
    away = await look()
    assert away.findings["report address"][-1][0] == "warning"
    async with receiving(answering(404)) as other:
        found = await look(FAILOVER_REPORT_URL=origin(other))
    grade, said, _ = found.findings["report address"][-1]
    assert (grade, said) == ("warning", "it answers 404: that is not our API")


async def test_who_stays_silent_is_not_waited_for(look: Doctor) -> None:
    """Every check ends, and all run at once."""
    async with receiving(stay_silent) as silent, asyncio.timeout(30):
        address = origin(silent).removeprefix("http://")
        found = await look(
            TEMPORAL_ADDRESS=address,
            FAILOVER_REPORT_URL=origin(silent),
            **ROUTEE,
            FAILOVER_ROUTEE_BASE_URL=origin(silent),
            FAILOVER_ROUTEE_TOKEN_URL=origin(silent),
        )
    assert {"engine", "routee"} <= found.wrong


async def test_a_check_that_crashes_or_hangs_is_wrong() -> None:
    """It is named, without a traceback; what it found before stays, and so do the others."""

    async def crash() -> Findings:
        yield ok("one", "so far")
        raise KeyError(SECRET)

    async def hang() -> Findings:
        await asyncio.sleep(60)
        yield ok("two", "never")

    async def fine() -> Findings:
        yield ok("three", "as ever")

    checks = [Check("one", crash), Check("two", hang), Check("three", fine)]
    found = await made(checks, deadline=0.2)
    assert [(each.check, each.grade) for each in found] == [
        ("one", Grade.OK),
        ("one", Grade.WRONG),
        ("two", Grade.WRONG),
        ("three", Grade.OK),
    ]
    assert "KeyError" in found[1].found
    assert SECRET not in str(found)
    assert all(isinstance(each, Finding) for each in found)


@pytest.fixture
async def engine(new_namespace: NewNamespace) -> Client:
    """The run's engine in a namespace of its own."""
    return await new_namespace(f"doctor-{uuid4()}")


def _at(engine: Client, namespace: str = "") -> dict[str, str]:
    return {
        "TEMPORAL_ADDRESS": engine.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": namespace or engine.namespace,
    }


@workflow.defn(sandboxed=False)
class Nothing:
    """A flow of nobody's."""

    @workflow.run
    async def run(self) -> None:
        """Ends at once."""


@pytest.mark.server
async def test_an_engine_without_a_worker_is_pointed_out(look: Doctor, engine: Client) -> None:
    """Flows would be taken and not run; perhaps the worker is just being started."""
    found = await look(**_at(engine))
    assert [found.only(each)[0] for each in ("engine", "namespace", "search attributes")] == (
        ["ok"] * 3
    )
    assert found.only("worker") == ("warning", "nobody runs flows", "start `failover worker`")
    async with Worker(engine, task_queue=FLOWS, workflows=[Nothing]):

        async def works() -> bool:
            return await has_worker(engine)

        await until(works)
        found = await look(**_at(engine))
    assert found.only("worker")[0] == "ok"


@pytest.mark.server
async def test_an_unknown_namespace_is_wrong(look: Doctor, engine: Client) -> None:
    """Temporal answers, but not for us."""
    found = await look(**_at(engine, "nowhere"))
    assert found.only("engine")[0] == "ok"
    grade, said, mend = found.only("namespace")
    assert (grade, said) == ("wrong", "Temporal does not know nowhere")
    assert "failover bootstrap" in mend
    assert "worker" not in found.findings


@pytest.mark.server
async def test_a_missing_search_attribute_is_wrong(look: Doctor, engine: Client) -> None:
    """No flow could be started."""
    request = RemoveSearchAttributesRequest(
        namespace=engine.namespace, search_attributes=["FailoverKind"]
    )
    await engine.operator_service.remove_search_attributes(request)

    async def gone() -> bool:
        return (await look(**_at(engine))).only("search attributes")[0] == "wrong"

    await until(gone, 60)
    found = await look(**_at(engine))
    grade, said, mend = found.only("search attributes")
    assert (grade, mend) == ("wrong", "run `failover bootstrap`")
    assert said == "the namespace has no FailoverKind"
