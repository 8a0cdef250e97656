"""The whole service in real processes, with all that they write in our hands."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from accounts import callback_keys, register
from accounts.base import ALL_ROLES, Application, Price
from accounts.demonstration import ACME_SHOP, BROKE_SHOP, PARCEL, PIN
from accounts.ledger import top_up
from domain.status import Channel
from storage.engine import connect, writing
from storage.keys import Keyring
from storage.seal import Sealer
from tests.conftest import until
from tests.forking import Forks, Said
from tests.nursery import LOAD, Forked, Nursery, nursery
from tests.processes import HOST, STARTING, client_of, free_port
from tests.secrecy import unsealed
from tests.secrecy.outside import Outside, outside
from tests.secrecy.secrets import Secrets, word
from tests.secrecy.unsealed import Unsealed
from workflows import namespace
from workflows.client import FlowClient

ACCOUNT, POOR = "acme", "empty"
APPLICATION, NARROW, BROKE = "64d0f2a1c9e77b0012ab34cd", "64d0f2a1c9e77b0012ab34ce", "64d0f2a1c9e7"


@dataclass
class Site:
    """Sandbox, API and worker at work; `errors` are all answers of the API but 2xx, in full."""

    secrets: Secrets
    world: Outside
    engine: Client
    database: AsyncEngine
    url: str
    sealer: Sealer
    nursery: Nursery
    environment: Mapping[str, str]
    forks: Forks
    api: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    metrics: dict[str, int]
    errors: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    scraped: dict[str, str] = field(default_factory=dict)
    logs: dict[str, list[Path]] = field(default_factory=lambda: {"api": [], "worker": []})
    worker: Forked | None = None

    @property
    def flows(self) -> FlowClient:
        """The door to the engine that the API has."""
        return FlowClient(self.engine, self.sealer, Keyring.parse(self.secrets.master))

    async def work(self) -> None:
        """Start a worker; at work when this returns."""
        worker = await self.nursery.start("worker", "worker", **self._ports("worker"))
        await until(lambda: worker.says("worker ready"), STARTING)
        self.logs["worker"].append(worker.log)
        self.worker = worker

    async def scrape(self) -> None:
        """Keep what all processes' metrics say now, beside what they said before."""
        async with httpx.AsyncClient(trust_env=False) as client:
            for name, port in self.metrics.items():
                answer = await client.get(f"http://{HOST}:{port}/metrics")
                self.scraped[name] = self.scraped.get(name, "") + answer.text

    async def command(self, *arguments: str) -> Said:
        """`failover …`, as ops type it; what it prints is kept."""
        said = await self.forks.run(arguments, self.environment)
        self.said.append(said)
        return said

    async def keep_error(self, response: httpx.Response) -> None:
        """Keep an answer that is none."""
        if response.is_success:
            return
        await response.aread()
        self.errors.append(f"{response.status_code} {response.headers!r}\n{response.text}")

    async def sign_in(self, application: str = APPLICATION) -> str:
        """An access token, which is to be kept secret from now on."""
        granted = await self.api.post(
            "/oauth/token",
            auth=(application, self.secrets.client_secret),
            data={"grant_type": "client_credentials"},
        )
        granted.raise_for_status()
        token = str(granted.json()["access_token"])
        self.secrets.learn("access token", token.rpartition(".")[2])
        return token

    def _ports(self, name: str) -> dict[str, str]:
        return {
            "FAILOVER_METRICS_PORT": str(self.metrics[f"metrics of the {name}"]),
            "FAILOVER_TEMPORAL_METRICS_PORT": str(self.metrics[f"SDK metrics of the {name}"]),
        }

    async def open(self) -> None:
        """Start sandbox, API and worker, side by side."""
        await self.nursery.start("sandbox", "sandbox")
        api = await self.nursery.start("api", "api", **self._ports("api"))
        self.logs["api"].append(api.log)
        await asyncio.gather(
            _answers(self.sandbox, "/health"), _answers(self.api, "/health/ready"), self.work()
        )
        self.api.headers["authorization"] = f"Bearer {await self.sign_in()}"


@asynccontextmanager
async def sited(
    address: str, name: str, url: str, directory: Path, forks: Forks, *, sealing: bool
) -> AsyncIterator[Site]:
    """An installation in a namespace of its own, on a database that has the schema."""
    made = Secrets("+30690" if sealing else "+30694")
    keys = Keyring.parse(made.master)
    sealer = Sealer(keys) if sealing else Unsealed(keys)
    api_port, sandbox_port = free_port(), free_port()
    names = [f"{which} of the {who}" for who in ("api", "worker") for which in _METRICS]
    async with AsyncExitStack() as stack:
        database = connect(url)
        stack.push_async_callback(database.dispose)
        sandbox = await stack.enter_async_context(client_of(sandbox_port))
        world = await stack.enter_async_context(outside(made, sandbox))
        environment = {
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": name,
            "FAILOVER_DATA_DIR": str(directory),
            "FAILOVER_DATABASE_URL": url,
            "FAILOVER_KEYS": made.master,
            "FAILOVER_EGRESS_ALLOW_CIDRS": "127.0.0.0/8",
            "FAILOVER_REPORT_URL": f"http://{HOST}:{api_port}",
            "FAILOVER_API_PORT": str(api_port),
            "FAILOVER_SANDBOX_PORT": str(sandbox_port),
            "FAILOVER_SANDBOX_URL": world.provider_url,
            "FAILOVER_GATEWAY_SECRET": made.words["gateway secret"],
            "FAILOVER_DOCS": "true",
        }
        await _enter(database, sealer, made)
        engine = await Client.connect(
            address, namespace=name, data_converter=pydantic_data_converter
        )
        await namespace.prepare(engine)
        load = LOAD if sealing else unsealed.LOAD
        home = await stack.enter_async_context(nursery(directory, environment, load))
        api = await stack.enter_async_context(client_of(api_port))
        site = Site(
            made, world, engine, database, url, sealer, home, environment,
            forks, api, sandbox,
            {each: free_port() for each in names},
        )  # fmt: skip
        api.event_hooks["response"] = [site.keep_error]
        await site.open()
        yield site


_METRICS = ("metrics", "SDK metrics")


async def _enter(database: AsyncEngine, sealer: Sealer, made: Secrets) -> None:
    """The accounts, whose secrets are the run's own."""
    async with writing(database) as connection:
        for account in (ACCOUNT, POOR):
            await register.open_account(connection, account)
        await top_up(connection, ACCOUNT, Decimal(1000))
        applications = (
            Application(APPLICATION, ACCOUNT),
            Application(NARROW, ACCOUNT, ALL_ROLES[:2]),
            Application(BROKE, POOR),
        )
        for each in applications:
            secret = made.client_secret if each.id == APPLICATION else word()
            await register.add_application(connection, each, secret)
        await register.add_secret(connection, NARROW, made.client_secret)
        await register.add_secret(connection, BROKE, made.client_secret)
        sealed = callback_keys.sealed(sealer, APPLICATION, made.callback_key)
        await callback_keys.add(connection, APPLICATION, sealed)
        for sender in (ACME_SHOP, BROKE_SHOP):
            await register.add_sender(connection, sender)
        for template in (PARCEL, PIN):
            await register.add_template(connection, template)
        await register.set_price(connection, Price(Channel.SMS, Decimal("0.04")))
        await register.set_price(connection, Price(Channel.VOICE, Decimal("0.05")))


async def _answers(client: httpx.AsyncClient, path: str) -> None:
    async def answers() -> bool:
        try:
            return (await client.get(path)).is_success
        except httpx.TransportError:
            return False

    await until(answers, STARTING)
