"""Who is asked to send a step, in which order, and when the next one is.

Kannel stands first and the sandbox behind it; the smsbox is a socket that does what it is told.
"""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from accounts.ledger import Entry
from domain.flow import Flow
from domain.progress import DeliveryReport, Progress
from domain.status import Channel, Status
from providers.breaker import FAILURES
from providers.http import ProviderClient
from providers.kannel import Config, Kannel
from providers.receipts import Receipts
from providers.registry import Providers
from providers.routes import Routes
from tests.activities.conftest import Sending
from tests.activities.steps import unreported
from tests.conftest import until
from tests.money import books, customer, ordered_by
from tests.samples import a_flow, sms, voice
from tests.sandbox.bench import free_port

TAKEN = b"HTTP/1.1 202 Accepted\r\nContent-Length: 25\r\n\r\n0: Accepted for delivery\r\n"
QUIET = "+306900000106"


@dataclass
class Smsbox:
    """Answers every request alike; `answer` is empty where it closes the connection."""

    port: int
    answer: bytes = TAKEN
    requests: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


def _http(status: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Length: 0", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass
class Counter:
    """Kannel at the smsbox, then the sandbox."""

    sending: Sending
    smsbox: Smsbox
    providers: Providers

    async def attempt(self, flow: Flow) -> DeliveryReport | None:
        """One attempt at the first step."""
        return await self.sending.attempt(flow)

    async def sandbox_got(self, flow: Flow) -> int:
        """How many messages the sandbox took."""
        return len(await self.sending.inbox(flow))

    def with_receipts(self, table: str) -> "Counter":
        """The same, where some receipts never come."""
        chain = dataclasses.replace(self.sending.steps.chain, receipts=Receipts.read(table))
        steps = dataclasses.replace(self.sending.steps, chain=chain)
        return dataclasses.replace(self, sending=dataclasses.replace(self.sending, steps=steps))


@pytest.fixture
async def counter(sending_blindly: Sending) -> AsyncIterator[Counter]:
    """Both in one chain; neither deduplicates."""
    async with AsyncExitStack() as stack:
        smsbox = Smsbox(free_port())
        server = await asyncio.start_server(smsbox.serve, "127.0.0.1", smsbox.port)
        await stack.enter_async_context(server)
        kannel = Kannel(
            Config.model_validate(
                {"url": f"http://127.0.0.1:{smsbox.port}", "username": "u", "password": "p"}
            )
        )
        chain = sending_blindly.steps.chain
        routes = {Channel.SMS: Routes.read("kannel,sandbox")}
        providers = Providers([kannel, *chain.providers.all()], routes)
        client = await stack.enter_async_context(ProviderClient(kannel, deadline=1.0))
        chain = dataclasses.replace(
            chain, providers=providers, clients={**chain.clients, "kannel": client}
        )
        steps = dataclasses.replace(sending_blindly.steps, chain=chain)
        yield Counter(dataclasses.replace(sending_blindly, steps=steps), smsbox, providers)


async def test_the_first_that_takes_it_has_it(counter: Counter) -> None:
    """The answer says who."""
    flow = a_flow(sms(QUIET))
    answer = await counter.attempt(flow)
    assert answer is not None
    assert (answer.status, answer.provider, answer.askable) == (Status.QUEUED, "kannel", False)
    assert await counter.sandbox_got(flow) == 0


async def test_one_that_refuses_connections_costs_two_seconds_at_most(counter: Counter) -> None:
    """Then the next one sends, within the same step."""
    kannel = counter.providers.named("kannel")
    assert isinstance(kannel, Kannel)
    kannel._config = kannel._config.model_copy(update={"url": f"http://127.0.0.1:{free_port()}"})
    flow = a_flow(sms(QUIET))

    started = time.monotonic()
    answer = await counter.attempt(flow)

    assert time.monotonic() - started <= 2
    assert answer is not None
    assert (answer.status, answer.provider, answer.askable) == (Status.QUEUED, "sandbox", True)
    assert await counter.sandbox_got(flow) == 1


@pytest.mark.parametrize(
    "answer",
    [
        _http("401 Unauthorized"),
        _http("403 Forbidden"),
        _http("400 Bad Request"),
        _http("429 Too Many Requests", "Retry-After: 60"),
    ],
    ids=["credentials", "forbidden", "not understood", "too fast"],
)
async def test_one_that_refuses_for_its_own_reasons_is_passed(
    counter: Counter, answer: bytes
) -> None:
    """It was asked once, and the recipient has one message."""
    counter.smsbox.answer = answer
    flow = a_flow(sms(QUIET))
    told = await counter.attempt(flow)
    assert told is not None
    assert (told.status, told.provider) == (Status.QUEUED, "sandbox")
    assert len(counter.smsbox.requests) == 1
    assert await counter.sandbox_got(flow) == 1


@pytest.mark.parametrize("answer", [_http("500 Oops"), _http("408 Late"), b"", b"HTTP/1.1 20"])
async def test_what_may_have_been_sent_is_sent_nowhere_else(
    counter: Counter, answer: bytes
) -> None:
    """Not in this attempt, and not in the next."""
    counter.smsbox.answer = answer
    flow = a_flow(sms(QUIET))
    assert await counter.attempt(flow) is None
    counter.smsbox.answer = TAKEN
    assert await counter.attempt(flow) is None
    assert len(counter.smsbox.requests) == 1
    assert await counter.sandbox_got(flow) == 0


async def test_when_all_refuse_the_last_ones_word_counts(counter: Counter) -> None:
    """Failed, and our fault: nobody asked the recipient."""
    counter.smsbox.answer = _http("403 Forbidden")
    sending = dataclasses.replace(counter.sending, steps=unreported(counter.sending.steps))
    answer = await sending.attempt(a_flow(sms(QUIET)))
    assert answer is not None
    assert (answer.status, answer.our_fault, answer.provider) == (Status.FAILED, True, "sandbox")


async def test_one_that_was_not_reached_is_tried_later_though_the_others_refuse(
    counter: Counter,
) -> None:
    """It may be back long before the ttl is over."""
    counter.smsbox.answer = _http("429 Too Many Requests", "Retry-After: 7")
    sending = dataclasses.replace(counter.sending, steps=unreported(counter.sending.steps))
    flow = a_flow(sms(QUIET))
    with pytest.raises(ApplicationError) as caught:
        await sending.attempt(flow)
    assert caught.value.type == "NotSent"
    assert caught.value.next_retry_delay == timedelta(seconds=7)
    counter.smsbox.answer = TAKEN
    answer = await sending.attempt(flow)
    assert answer is not None
    assert answer.provider == "kannel"


async def test_what_nobody_carries_any_more_fails(counter: Counter) -> None:
    """The settings changed after the flow was accepted."""
    answer = await counter.attempt(a_flow(voice(QUIET)))
    assert answer is not None
    assert (answer.status, answer.our_fault) == (Status.FAILED, True)


async def test_when_nobody_is_reached_the_next_attempt_begins_again(counter: Counter) -> None:
    """429 from both: the engine tries later, and Kannel is first once more."""
    counter.smsbox.answer = _http("429 Too Many Requests")
    flow = a_flow(sms("+306900000111"))
    for _ in range(2):
        with pytest.raises(ApplicationError) as caught:
            await counter.attempt(flow)
        assert caught.value.type == "NotSent"
    counter.smsbox.answer = TAKEN
    answer = await counter.attempt(flow)
    assert answer is not None
    assert answer.provider == "kannel"


async def test_one_that_fails_time_after_time_is_asked_last(counter: Counter) -> None:
    """Steps lose no time on it."""
    counter.smsbox.answer = _http("403 Forbidden")
    for _ in range(FAILURES + 3):
        answer = await counter.attempt(a_flow(sms(QUIET)))
        assert answer is not None
        assert answer.provider == "sandbox"
    assert len(counter.smsbox.requests) == FAILURES


async def test_the_charge_goes_with_the_step_not_with_the_provider(
    counter: Counter, database: AsyncEngine
) -> None:
    """One step is owed, whoever sent it."""
    buyer = await customer(database, "1")
    counter.smsbox.answer = _http("403 Forbidden")
    assert await counter.attempt(ordered_by(buyer, a_flow(sms(QUIET))))
    found = await books(database, buyer.account)
    found.check()
    assert found.balance == Decimal("0.96")
    kinds = [kind for kind, _ in found.kinds[1:]]
    assert kinds == [Entry.CHARGE, Entry.REFUND, Entry.CHARGE]


async def test_where_no_receipts_come_an_accept_counts_as_the_table_says(
    counter: Counter,
) -> None:
    """Delivered at once; anywhere else it waits."""
    answer = await counter.with_receipts("kannel GR: delivered").attempt(a_flow(sms(QUIET)))
    assert answer is not None
    assert answer.status is Status.DELIVERED
    answer = await counter.with_receipts("kannel US: delivered").attempt(a_flow(sms(QUIET)))
    assert answer is not None
    assert answer.status is Status.QUEUED


async def test_a_message_is_asked_about_where_it_was_sent(counter: Counter) -> None:
    """0118 delivers and reports nothing, but says so when it is asked."""
    counter.smsbox.answer = _http("403 Forbidden")
    flow = a_flow(sms("+306900000118"))
    answer = await counter.attempt(flow)
    assert answer is not None
    assert answer.askable
    sealed = counter.sending.sealed(flow)

    async def knows() -> bool:
        told = await ActivityEnvironment().run(counter.sending.steps.ask, sealed, answer)
        return [each.status for each in told] == [Status.DELIVERED]

    await until(knows)


async def test_nobody_is_asked_who_is_no_longer_there(counter: Counter) -> None:
    """A provider that was taken out of the settings."""
    flow = a_flow(sms(QUIET))
    progress = Progress.of(flow)
    answer = DeliveryReport(order=1, status=Status.QUEUED, at=progress.updated_at, provider="gone")
    assert await ActivityEnvironment().run(counter.sending.steps.ask, flow, answer) == []
