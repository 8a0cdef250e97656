"""Posts flows to a running service at a fixed pace."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

from accounts.demonstration import ACME, ACME_SHOP, PARCEL, SECRETS
from cli.stack import HOST, Ports, Stack

Body = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """The whole service, and a client of it that has a token."""

    client: httpx.AsyncClient
    sandbox: str

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator[Self]:
        """A service of its own, on free ports, with nothing on record yet."""
        with tempfile.TemporaryDirectory(prefix="failover-bench-") as made:
            stack = Stack(Ports.free(), Path(made), quiet=True, say=_unsaid)
            async with (
                stack,
                httpx.AsyncClient(base_url=stack.api, trust_env=False, timeout=60) as client,
            ):
                granted = await client.post(
                    "/oauth/token",
                    auth=(ACME.id, SECRETS[ACME.id]),
                    data={"grant_type": "client_credentials"},
                )
                granted.raise_for_status()
                client.headers["authorization"] = f"Bearer {granted.json()['access_token']}"
                yield cls(client, f"http://{HOST}:{stack.ports.sandbox}")

    async def post(
        self, bodies: Sequence[Body], rate: float, advance: Callable[[int], None]
    ) -> list[str]:
        """Post so many a second, however long each takes; returns their tracking ids, in order.

        Raises:
            ExceptionGroup: one was not taken.
        """
        loop = asyncio.get_running_loop()
        started, posting = loop.time(), []
        async with asyncio.TaskGroup() as group:
            for place, body in enumerate(bodies):
                await asyncio.sleep(max(0.0, started + place / rate - loop.time()))
                posting.append(group.create_task(self._post(body)))
                advance(1)
        return [task.result() for task in posting]

    async def _post(self, body: Body) -> str:
        created = await self.client.post("/failover/transactional", json=body)
        created.raise_for_status()
        return str(created.json()["trackingId"])

    async def failed_at(self, tracking_id: str) -> float:
        """When the report came that failed the flow's first step: seconds since the epoch."""
        answer = await self.client.get(f"/failover/tracking/{tracking_id}")
        answer.raise_for_status()
        status = answer.json()["messages"][0]["status"]
        if status["name"] != "UNDELIVERED":
            raise RuntimeError(f"a first step ended {status['name']} instead of UNDELIVERED")
        return seconds(status["updatedDate"])

    async def requested(self) -> dict[str, float]:
        """When the provider was first asked to send each step, by the step's reference."""
        answer = await self.client.get(f"{self.sandbox}/requests")
        answer.raise_for_status()
        return {
            each["reference"]: seconds(each["at"]) for each in answer.json() if each["attempt"] == 1
        }


def seconds(moment: str) -> float:
    """Since the epoch."""
    return datetime.fromisoformat(moment).timestamp()


def one_step(place: int, url: str) -> Body:
    """A flow that is delivered at once, with its end told there."""
    callback = {"strategy": "OnCompletion", "url": url}
    return {"flow": [_sms(_number(place, "0101"))], "callback": callback}


def two_steps(place: int, url: str | None) -> Body:
    """A flow whose Viber step fails at once, with every change told there."""
    number = _number(place, "0102")
    viber = {
        "type": "Viber",
        "senderInfoTrackingId": ACME_SHOP.id,
        "to": number,
        "ttl": 10,
        "templateId": PARCEL.id,
        "templateLang": "en",
        "templateParams": {"customer_name": "Nadia", "order_id": "7731"},
    }
    callback = {"callback": {"strategy": "OnStep", "url": url}} if url else {}
    return {"flow": [viber, _sms(number)], **callback}


def _sms(number: str) -> Body:
    message = {"body": "Parcel 7731 is ready"}
    return {"type": "Sms", "from": ACME_SHOP.name, "to": number, "ttl": 60, "message": message}


def _number(place: int, digits: str) -> str:
    """One of a thousand recipients whose last digits choose what becomes of the message."""
    return f"+30690{place % 1000:03d}{digits}"


def _unsaid(_: str) -> None:
    """What a service says while it starts is of no interest."""
