"""`make cluster`: a real Temporal cluster with our service on it, in one terminal."""

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from accounts.demonstration import ACME, SECRETS
from cli.ending import complain, run
from cli.stack import HOST, Died
from tests import postgres
from tests.cluster.service import NAMESPACE, Addresses, Service, serving
from tests.engines import cluster, programs
from tests.engines.configuration import SERVICES, SHARDS, Ports, lasting_port

AWAY = 5.0
"""Seconds after which what has ended is started again, as a supervisor would."""

EXAMPLES = """\
Examples:\n
make cluster\n
make cluster ARGS="--data-dir /var/tmp/failover-cluster"   the same flows the next time\n
make cluster ARGS="--api-port 9000 --temporal-port 9233 --shards 512"
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
def main(
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where everything is kept, for the next time; PostgreSQL's user must be able to "
            "enter. Without it all goes in the end.",
            resolve_path=True,
        ),
    ] = None,
    api_port: Annotated[int, typer.Option(help="The first API's; the second has the next.")] = 8080,
    temporal_port: Annotated[int, typer.Option(help="The frontend's, 32767 at most.")] = 7233,
    sandbox_port: Annotated[int, typer.Option(help="The sandbox's.")] = 8090,
    shards: Annotated[
        int, typer.Option(help="History shards; the first start on a data directory fixes them.")
    ] = SHARDS,
) -> None:
    """Start PostgreSQL, Temporal's four services, the sandbox, two workers and two APIs.

    Each is a process of its own. What ends, or is killed, is started again after five seconds.
    Ctrl-C stops it all.
    """
    addresses = Addresses((api_port, api_port + 1), sandbox_port, lasting_port())
    if data_dir:
        data_dir.mkdir(parents=True, exist_ok=True)
    run(_run(data_dir, addresses, temporal_port, shards))


async def _run(data_dir: Path | None, addresses: Addresses, temporal_port: int, shards: int) -> int:
    try:
        _check("api", *addresses.apis)
        _check("temporal", temporal_port)
        _check("sandbox", addresses.sandbox)
        await _serve(data_dir, addresses, temporal_port, shards)
    except (programs.Missing, postgres.Missing, AssertionError) as fault:
        complain(fault)
        return 1
    return 0


def _check(name: str, *ports: int) -> None:
    """Make sure that the ports are free.

    Raises:
        Died: one is in use; the message names its option.
    """
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                raise Died(f"port {port} is in use; choose another with --{name}-port") from None


async def _serve(
    data_dir: Path | None, addresses: Addresses, temporal_port: int, shards: int
) -> None:
    console = Console(highlight=False, soft_wrap=True)
    ports = {name: Ports.free(name) for name in SERVICES}
    ports["frontend"] = replace(ports["frontend"], grpc=temporal_port)
    with _kept(data_dir) as directory:
        data = directory / "postgres" if data_dir else None
        running = cluster.running(
            directory, shards=shards, data=data, ports=ports, say=console.print
        )
        async with (
            running as engine,
            serving(engine, directory, addresses=addresses, say=console.print) as service,
        ):
            _introduce(console, service, directory)
            await _supervise(console, service)


@contextmanager
def _kept(data_dir: Path | None) -> Iterator[Path]:
    if data_dir:
        yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="failover-cluster-") as made:
        yield Path(made)


def _introduce(console: Console, service: Service, directory: Path) -> None:
    first, second = service.apis
    table = Table("process", "id", "where", box=box.ROUNDED)
    for part in service.parts:
        table.add_row(part, str(service.pids(part)[0]), _where(service, part))
    table.add_row("sandbox", str(service.pids("sandbox")[0]), service.sandbox)
    console.print(table)
    console.print(
        f"for clients of Temporal: export TEMPORAL_ADDRESS={service.engine.address} "
        f"TEMPORAL_NAMESPACE={NAMESPACE}"
    )
    console.print("  temporal workflow list, with the virtual environment's `temporal`")
    console.print("  (a server of its own has no Temporal UI: the image temporalio/ui is one)")
    console.print(f"tables: psql -h {service.engine.socket} -U postgres failover")
    console.print("an access token, from either API:")
    console.print(
        f"  curl -s -u {ACME.id}:{SECRETS[ACME.id]} -d grant_type=client_credentials "
        f"{second}/oauth/token"
    )
    console.print(f"phones       {service.sandbox}")
    console.print(f"documents    {first}/docs")
    console.print(f"logs         {directory}")
    console.print("kill -9 any of them: it is started again after 5 s")
    console.print(f"ready {first} {second}")


def _where(service: Service, part: str) -> str:
    if part in service.processes:
        return dict(zip(("api 1", "api 2"), service.apis, strict=True)).get(part, "")
    if part in service.engine.ports:
        return f"127.0.0.1:{service.engine.ports[part].grpc}"
    return str(service.engine.socket)


async def _supervise(console: Console, service: Service) -> None:
    async with asyncio.TaskGroup() as group:
        for part in (*service.parts, "sandbox"):
            group.create_task(_keep(console, service, part))


async def _keep(console: Console, service: Service, part: str) -> None:
    while True:
        await asyncio.sleep(0.5)
        if service.pids(part):
            continue
        console.print(f"[red]{part} has ended[/]; it is started again in {AWAY:.0f} s")
        await service.kill(part)  # whatever is left of it
        await asyncio.sleep(AWAY)
        await service.start(part)
        console.print(f"[green]{part} is back[/], process {service.pids(part)[0]}")


if __name__ == "__main__":
    app()
