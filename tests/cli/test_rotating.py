"""Master keys changed under a running service: every step of it beside what was there before."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from temporalio.client import Client

from accounts.demonstration import ACME, CALLBACK_KEYS
from cli.receiver import receiving
from egress.signing import verified
from tests.conftest import KEYS, NewNamespace, until
from tests.faults.wire import Wire
from tests.forking import Forks, Said
from tests.nursery import Forked, Nursery, nursery
from tests.processes import HOST, STARTING, client_of, free_port, sign_in
from tests.samples import sms, viber
from workflows.names import RECIPIENT_HASHES, workflow_id

pytestmark = [pytest.mark.server, pytest.mark.timeout(240)]

TO = "+306900000101"
PATIENCE = 60.0


@dataclass
class House:
    """An installation whose processes are replaced one by one; `told` are the callbacks' ids.

    `reports` stands between the sandbox and the last of the `ports`, those of the APIs.
    """

    engine: Client
    home: Nursery
    forks: Forks
    environment: dict[str, str]
    keys: Path
    reports: Wire
    ports: list[int]
    clients: AsyncExitStack
    sink: int = 0
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: bool = True

    async def api(self, like: httpx.AsyncClient | None = None) -> tuple[Forked, httpx.AsyncClient]:
        """One more API, with the keys that the file has now; a client with the same token."""
        port = self.ports.pop(0)
        process = await self.home.start("api", "api", FAILOVER_API_PORT=str(port))
        client = await self.clients.enter_async_context(client_of(port))
        if like:
            client.headers["authorization"] = like.headers["authorization"]

        async def answers() -> bool:
            try:
                return (await client.get("/health/ready")).is_success
            except httpx.TransportError:
                return False

        await until(answers, STARTING)
        return process, client

    async def worker(self) -> Forked:
        """One more worker, with the keys that the file has now."""
        worker = await self.home.start("worker", "worker")
        await until(lambda: worker.says("worker ready"), STARTING)
        return worker

    async def command(self, *arguments: str) -> Said:
        """`failover keys …`, which must succeed."""
        said = await self.forks.run(("keys", *arguments), self.environment)
        assert said.code == 0, said
        return said

    async def take(self, request: Request) -> Response:
        """A client's receiver: at /gone it wants nothing, at first."""
        event = request.headers["webhook-id"]
        verified(request.headers, await request.body(), [CALLBACK_KEYS[ACME.id]], time.time())
        if request.url.path == "/gone" and self.gone:
            return Response("no such shop", 410)
        self.told[event] = await request.json()
        return Response()

    async def create(
        self,
        api: httpx.AsyncClient,
        *steps: dict[str, Any],
        path: str = "told",
        strategy: str = "OnCompletion",
        key: str = "",
    ) -> dict[str, Any]:
        """Start a flow whose client listens at that path; the answer."""
        callback = {"url": f"http://{HOST}:{self.sink}/{path}", "strategy": strategy}
        answer = await api.post(
            "/failover/transactional",
            json={"flow": list(steps), "callback": callback},
            headers={"idempotency-key": key} if key else {},
        )
        answer.raise_for_status()
        return dict(answer.json())

    async def dead(self, api: httpx.AsyncClient, flow: str) -> str:
        """The id of the flow's first callback, once it is dead."""
        found: list[Any] = []

        async def is_dead() -> bool:
            found[:] = (await api.get(f"/failover/{flow}/callbacks")).json()["content"]
            return bool(found) and found[0]["state"] == "Dead"

        await until(is_dead, PATIENCE, every=0.1)
        return str(found[0]["id"])

    async def replay(self, api: httpx.AsyncClient, callback: str) -> None:
        """Have it delivered again, to a receiver that is there now."""
        self.gone = False
        (await api.post(f"/callbacks/{callback}/replay")).raise_for_status()
        await until(lambda: callback in self.told, PATIENCE, every=0.1)

    async def listed(self) -> list[Any]:
        """The keys, newest first."""
        return list((await self.command("list", "--json")).data["keys"])

    def has_told(self, flow: str) -> bool:
        """Whether the client knows how the flow ended."""
        return any(each["trackingId"] == flow for each in self.told.values())

    async def hashes(self, flow: str) -> list[str]:
        """What ops search the flow's recipient by."""
        handle = self.engine.get_workflow_handle(workflow_id(ACME.account, flow))
        found = (await handle.describe()).typed_search_attributes.get(RECIPIENT_HASHES)
        return list(found or [])


@asynccontextmanager
async def housed(engine: Client, url: str, directory: Path, forks: Forks) -> AsyncIterator[House]:
    """The sandbox at work, and nothing else yet; the keys in a file."""
    keys = directory / "keys"
    keys.write_text(KEYS)
    sandbox, port = free_port(), free_port()
    ports = [free_port(), free_port(), port, port]  # the fourth takes the third's place
    async with AsyncExitStack() as stack:
        # The reports wait until the third generation is there.
        reports = await stack.enter_async_context(Wire(port))
        reports.requests.clear()
        environment = {
            "TEMPORAL_ADDRESS": engine.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": engine.namespace,
            "FAILOVER_DATABASE_URL": url,
            "FAILOVER_DATA_DIR": str(directory),
            "FAILOVER_KEYS_FILE": str(keys),
            "FAILOVER_EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
            "FAILOVER_REPORT_URL": reports.url,
            "FAILOVER_SANDBOX_PORT": str(sandbox),
            "FAILOVER_SANDBOX_URL": f"http://{HOST}:{sandbox}",
        }
        home = await stack.enter_async_context(nursery(directory, environment))
        house = House(engine, home, forks, environment, keys, reports, ports, stack)
        house.sink = await stack.enter_async_context(receiving(house.take))
        await home.start("sandbox", "sandbox")
        yield house


async def test_keys_rotate_under_a_running_service(
    new_namespace: NewNamespace, database_url: str, tmp_path: Path, forks: Forks
) -> None:
    """Old flows end, late reports are taken, dead callbacks told; at last the old key goes."""
    async with housed(await new_namespace("rotating"), database_url, tmp_path, forks) as house:
        (old, api), worker = await asyncio.gather(house.api(), house.worker())
        await sign_in(api)
        slow = await house.create(api, viber(TO), key="order-7731")
        refused = (await house.create(api, viber(TO), path="gone", strategy="OnStep"))["trackingId"]
        dead = await house.dead(api, refused)
        hashes = await house.hashes(slow["trackingId"])

        # The new key comes. Those that have it work beside those that have not.
        await house.command("rotate")
        (second, api), successor = await asyncio.gather(house.api(api), house.worker())
        between = await house.create(api, sms(TO))
        await old.killed()
        await worker.killed()

        # It seals. The worker that still seals by the old one opens what it sealed.
        await house.command("rotate", "--finish")
        third, api = await house.api(api)
        anew = await house.create(api, sms(TO))
        new, oldest = await house.listed()
        assert min(new["rows"]["flows"], oldest["rows"]["flows"]) > 0
        house.reports.requests.set()  # their tokens are the old key's
        flows = [each["trackingId"] for each in (slow, between, anew)]
        await until(lambda: all(map(house.has_told, flows)), PATIENCE, every=0.1)
        await second.killed()
        await successor.killed()
        await house.worker()
        await house.replay(api, dead)

        # Nothing is left by the old key but the digests that must not change.
        await house.command("reseal")
        assert (await house.listed())[1]["rows"] == {"flows": 0, "callbacks": 0, "callback keys": 0}
        await house.command("retire", "k1", "--unused-since", "12d", "--end-tokens")
        await third.killed()
        (_, api), _ = await asyncio.gather(house.api(api), house.worker())
        assert (await api.get("/failover/tracking")).status_code == 401
        await sign_in(api)
        read = (await api.get("/failover/tracking")).json()["content"]
        assert {each["trackingId"] for each in read} == {*flows, refused}
        assert {each["messages"][0]["to"] for each in read} == {TO}
        assert (await api.get(f"/callbacks/{dead}")).json()["body"]["trackingId"] == refused
        assert await house.create(api, viber(TO), key="order-7731") == slow
        again = (await house.create(api, sms(TO)))["trackingId"]
        assert await house.hashes(again) == hashes
        await until(lambda: house.has_told(again), PATIENCE, every=0.1)
