"""A process of it: takes flows and reports by HTTP, runs the flows, tells clients.

As DBOS recommends: asynchronous workflows and steps on one event loop, LISTEN/NOTIFY, the pool's
own size, a workflow id of ours, one executor id for each process. Of what else can be set, only the
number of threads made it cheaper.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from dbos import DBOS, DBOSConfig, SetWorkflowID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOST = "127.0.0.1"
PROVIDER = os.environ["BENCH_PROVIDER"]
PORT = int(os.environ["BENCH_PORT"])
FINAL = {"delivered", "undelivered", "failed", "expired"}
THREADS = 20
"""As many as its pool has connections: more only wait for one, at the price of switching."""

NAMED = {"type", "to", "from", "ttl"}
LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=3)

_http = httpx.AsyncClient(trust_env=False, timeout=10, limits=LIMITS)


@DBOS.workflow()
async def failover(tracking_id: str, steps: list[dict[str, Any]], callback_url: str) -> str:
    """Try each step in turn until one is delivered or none is left, and tell the client."""
    outcome, statuses = "Failed", dict[str, str]()
    for order, step in enumerate(steps, start=1):
        status = await _attempt(tracking_id, order, step)
        statuses[str(order)] = status
        if status == "delivered":
            outcome = "Succeeded"
            break
    await tell(callback_url, tracking_id, outcome, statuses)
    return outcome


async def _attempt(tracking_id: str, order: int, step: dict[str, Any]) -> str:
    await send(tracking_id, order, step)
    while True:
        status = await DBOS.recv_async(f"step {order}", timeout_seconds=step["ttl"])
        if status is None:
            return "expired"
        if status in FINAL:
            return str(status)


@DBOS.step()
async def send(tracking_id: str, order: int, step: dict[str, Any]) -> str:
    """Hand the step to the provider; returns its id for the message, "" where it may be sent."""
    try:
        answer = await _http.post(
            f"{PROVIDER}/messages",
            json={
                "reference": f"{tracking_id}.{order}",
                "channel": step["type"],
                "to": step["to"],
                "from": step.get("from", "AcmeShop"),
                "content": {name: each for name, each in step.items() if name not in NAMED},
                "validity": step["ttl"],
                "reportUrl": f"http://{HOST}:{PORT}/reports/{tracking_id}/{order}",
            },
        )
        answer.raise_for_status()
    except httpx.HTTPError:
        return ""
    return str(answer.json()["messageId"])


@DBOS.step(retries_allowed=True, interval_seconds=5.0, max_attempts=100)
async def tell(url: str, tracking_id: str, status: str, steps: dict[str, str]) -> None:
    """POST the end to the client, again until that answers 2xx."""
    answer = await _http.post(
        url, json={"trackingId": tracking_id, "status": status, "steps": steps}
    )
    answer.raise_for_status()


@asynccontextmanager
async def launched(_: Starlette) -> AsyncIterator[None]:
    """Runs DBOS on the server's own event loop."""
    config: DBOSConfig = {
        "name": "failover-bench",
        "system_database_url": os.environ["BENCH_DATABASE"],
        "executor_id": os.environ["BENCH_EXECUTOR"],
        "application_version": "1",
        "max_executor_threads": THREADS,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()
    yield
    DBOS.destroy()


async def create(request: Request) -> Response:
    """Start a flow; the body is the one that ours takes."""
    body, tracking_id = await request.json(), str(uuid4())
    with SetWorkflowID(tracking_id):
        await DBOS.start_workflow_async(
            failover, tracking_id, body["flow"], body["callback"]["url"]
        )
    return JSONResponse({"trackingId": tracking_id, "status": "Queued"})


async def report(request: Request) -> Response:
    """Tell the flow; 200 once the database has it."""
    body, named = await request.json(), request.path_params
    await DBOS.send_async(named["tracking_id"], body["status"], topic=f"step {named['order']}")
    return Response(status_code=200)


async def healthy(_: Request) -> Response:
    """It serves."""
    return Response(status_code=200)


def app() -> Starlette:
    """The application."""
    return Starlette(
        routes=[
            Route("/flows", create, methods=["POST"]),
            Route("/reports/{tracking_id}/{order:int}", report, methods=["POST"]),
            Route("/health/ready", healthy, methods=["GET"]),
        ],
        lifespan=launched,
    )


if __name__ == "__main__":
    uvicorn.run(
        app(),
        host=HOST,
        port=PORT,
        loop="uvloop",
        http="httptools",
        timeout_keep_alive=75,
        access_log=False,
        log_config=None,
    )
