"""The client's ledger: what it says is what happened, also when read by somebody else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.chaos.receiver import request_of
from tests.processes import HOST
from tests.proof.ledger import Ledger, entries
from tests.proof.plan import FlowPlan

PLAN = FlowPlan(7, 0.0, "0101", ("Sms",), strategy=None)
TAKEN = '{"trackingId":"a-flow"}'


@asynccontextmanager
async def answering(*answers: tuple[int, str]) -> AsyncIterator[tuple[str, list[str]]]:
    """Answers so, one after the other, and lists the keys that came; 0 closes unanswered."""
    left: Iterator[tuple[int, str]] = iter(answers)
    keys: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, headers, _ = await request_of(reader)
        keys.append(headers["idempotency-key"])
        status, body = next(left)
        if status:
            writer.write(
                f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\nRetry-After: 0\r\n"
                f"Connection: close\r\n\r\n{body}".encode()
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}", keys


@asynccontextmanager
async def posting(origin: str, file: Path) -> AsyncIterator[Ledger]:
    """A ledger of a client with that door alone."""
    async with httpx.AsyncClient(base_url=origin, trust_env=False) as door:
        yield Ledger({"api-a": door}, "http://receiver", file, "test")


async def test_a_client_asks_again_with_the_same_key(tmp_path: Path) -> None:
    """After a 503 and a lost connection; and once more, as it was in doubt."""
    answers = ((503, "{}"), (0, ""), (200, TAKEN), (200, TAKEN))
    async with answering(*answers) as (origin, keys), posting(origin, tmp_path / "l") as ledger:
        entry = await ledger.post(PLAN, 3)
    assert [each.status for each in entry.tries] == [503, None, 200]
    assert (entry.flow, entry.differs) == ("a-flow", "")
    assert set(keys) == {"test-1"}
    assert len(keys) == len(answers)


async def test_another_answer_to_the_same_key_is_noted(tmp_path: Path) -> None:
    """The client would not know which of them is true."""
    answers = ((503, "{}"), (200, TAKEN), (200, '{"trackingId":"another"}'))
    async with answering(*answers) as (origin, _), posting(origin, tmp_path / "l") as ledger:
        assert (await ledger.post(PLAN, 0)).differs == "trackingId"


async def test_any_other_answer_is_the_last(tmp_path: Path) -> None:
    """Nothing is hidden by asking until it fits."""
    async with answering((500, "oops")) as (origin, _), posting(origin, tmp_path / "l") as ledger:
        entry = await ledger.post(PLAN, 0)
    assert [(each.status, each.body) for each in entry.tries] == [(500, "oops")]
    assert entry.flow is None


async def test_the_file_says_the_same(tmp_path: Path) -> None:
    """The judge reads the file, not the client's memory."""
    answers = ((503, "{}"), (0, ""), (200, TAKEN), (200, TAKEN), (500, "oops"))
    async with answering(*answers) as (origin, _), posting(origin, tmp_path / "l") as ledger:
        await ledger.post(PLAN, 3)
        await ledger.post(PLAN, 4)
    assert entries(ledger.file) == ledger.entries


async def test_a_flow_that_was_posted_otherwise_is_noted_like_any(tmp_path: Path) -> None:
    """Its body was not a plan's, and it is judged all the same."""
    async with answering() as (origin, _), posting(origin, tmp_path / "l") as ledger:
        entry = ledger.adopt(PLAN, 3, "api-a", "a-flow")
    assert (entry.flow, entry.tries[-1].status) == ("a-flow", 201)
    assert entries(ledger.file) == ledger.entries
