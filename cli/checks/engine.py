"""Temporal: whether it answers, knows the namespace and our search attributes, and has a worker."""

from datetime import timedelta

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cli.checks.database import BOOTSTRAP
from cli.checks.findings import Finding, Findings, ok, warning, wrong
from workflows.client import NotConnected, connect, has_worker
from workflows.namespace import WrongSearchAttribute, missing

RPC = timedelta(seconds=3)

CONNECT = "start Temporal, or correct TEMPORAL_ADDRESS and TEMPORAL_TLS_…"


async def engine() -> Findings:
    """One after the other: each needs the one before."""
    try:
        client = await connect(lazy=True)
    except (RuntimeError, ValueError, OSError) as fault:
        said = f"Temporal's own settings cannot be read ({type(fault).__name__})"
        yield wrong("engine", said, "correct TEMPORAL_…")
        return
    address = client.service_client.config.target_host
    there = await _namespace(client)
    if there.check == "engine":
        yield there
        return
    yield ok("engine", f"Temporal answers at {address}")
    yield there
    if there.grade == "ok":
        yield await _attributes(client)
        yield await _worker(client)


async def _namespace(client: Client) -> Finding:
    """What is wrong with the engine, if it is that which does not answer."""
    name = client.namespace
    address = client.service_client.config.target_host
    try:
        request = DescribeNamespaceRequest(namespace=name)
        await client.workflow_service.describe_namespace(request, timeout=RPC)
    except NotConnected:
        return wrong("engine", f"nobody answers at {address}", CONNECT)
    except RPCError as fault:
        match fault.status:
            case RPCStatusCode.NOT_FOUND:
                mend = f"{BOOTSTRAP}, which makes it, or correct TEMPORAL_NAMESPACE"
                return wrong("namespace", f"Temporal does not know {name}", mend)
            case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
                mend = "correct TEMPORAL_API_KEY or TEMPORAL_TLS_…"
                return wrong("namespace", f"Temporal does not let us use {name}", mend)
        return wrong("engine", f"{address} answers {fault.status.name}", CONNECT)
    return ok("namespace", f"Temporal knows {name}")


async def _attributes(client: Client) -> Finding:
    name = "search attributes"
    try:
        absent = await missing(client)
    except WrongSearchAttribute as fault:
        return wrong(name, str(fault), "remove it, or use another namespace")
    except RPCError as fault:
        said = f"Temporal does not let us look ({fault.status.name})"
        return warning(name, said, "see in its UI that those of README.md are there")
    if absent:
        return wrong(name, f"the namespace has no {', '.join(absent)}", BOOTSTRAP)
    return ok(name, "all of them are there")


async def _worker(client: Client) -> Finding:
    try:
        if await has_worker(client):
            return ok("worker", "somebody runs flows")
    except RPCError as fault:
        said = f"Temporal does not say whether there is one ({fault.status.name})"
        return warning("worker", said, "see that `failover worker` runs")
    return warning("worker", "nobody runs flows", "start `failover worker`")
