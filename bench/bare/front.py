"""The front: a POST that starts a flow, and one that takes a report."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client, GrpcCompression
from temporalio.service import RPCError, RPCStatusCode

from bench.bare.shape import FLOWS, REPORT, WORKFLOW, Flow, Report, Step, workflow_id

NAMED = {"type", "to", "from", "ttl"}
"""Members of a step that are not a part of its content."""


@asynccontextmanager
async def connected(app: Starlette) -> AsyncIterator[None]:
    """Has a client of the engine as long as the application runs."""
    app.state.client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"],
        namespace=os.environ["TEMPORAL_NAMESPACE"],
        grpc_compression=GrpcCompression.NONE,
    )
    yield


def flow_of(tracking_id: str, body: Mapping[str, Any]) -> Flow:
    """The flow that a body asks for."""
    return Flow(
        tracking_id=tracking_id,
        steps=[
            Step(
                order=order,
                channel=step["type"],
                to=step["to"],
                sender=step.get("from", "AcmeShop"),
                ttl=step["ttl"],
                content={name: member for name, member in step.items() if name not in NAMED},
            )
            for order, step in enumerate(body["flow"], start=1)
        ],
        callback_url=body["callback"]["url"],
    )


async def create(request: Request) -> Response:
    """Start a flow; the body is the one that ours takes."""
    flow = flow_of(str(uuid4()), await request.json())
    client: Client = request.app.state.client
    await client.start_workflow(WORKFLOW, flow, id=workflow_id(flow.tracking_id), task_queue=FLOWS)
    return JSONResponse({"trackingId": flow.tracking_id, "status": "Queued"})


async def report(request: Request) -> Response:
    """Tell the flow; 200 once the engine has it, or the flow is over."""
    body = await request.json()
    client: Client = request.app.state.client
    handle = client.get_workflow_handle(workflow_id(request.path_params["tracking_id"]))
    told = Report(request.path_params["order"], body["status"])
    try:
        await handle.signal(REPORT, told)
    except RPCError as fault:
        if fault.status is not RPCStatusCode.NOT_FOUND:
            return Response(status_code=503)
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
        lifespan=connected,
    )


if __name__ == "__main__":
    uvicorn.run(
        app(),
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        loop="uvloop",
        http="httptools",
        timeout_keep_alive=75,
        access_log=False,
        log_config=None,
    )
