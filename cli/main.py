"""The command's verbs. Each says what it does, with examples."""

import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console

import worker as worker_process
from accounts.rules import NotDone
from api import server
from api.app import running
from cli import (
    accounts,
    callbacks,
    doctor,
    document,
    files,
    flows,
    keys,
    logs,
    providers,
    reloading,
)
from cli.bootstrap import bootstrap as prepare
from cli.demo import demonstrate
from cli.ending import complain, run
from cli.stack import Ports, Stack
from sandbox.server import serve as serve_sandbox
from settings import Settings
from workflows.client import connect

app = typer.Typer(
    name="failover",
    help="Multi-channel failover messaging: Sms, Viber and Voice, one durable workflow per flow.",
    epilog="Example: failover demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(accounts.app, name="accounts")
app.add_typer(flows.app, name="flows")
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(keys.app, name="keys")
app.add_typer(document.app, name="document")

DataDir = Annotated[Path, typer.Option(help="Where flows, keys and logs are kept.")]


@app.command(epilog="Example: failover dev --api-port 9000 --data-dir /var/tmp/failover")
def dev(
    api_port: Annotated[int, typer.Option(help="The API's port.")] = 8080,
    temporal_port: Annotated[int, typer.Option(help="The engine's port.")] = 7233,
    ui_port: Annotated[int, typer.Option(help="The Temporal UI's port.")] = 8233,
    sandbox_port: Annotated[int, typer.Option(help="The sandbox's port.")] = 8090,
    data_dir: DataDir = Path(".failover"),
    dedupe: Annotated[
        bool, typer.Option(help="Whether the sandbox takes a repeated reference for one message.")
    ] = True,
    reload: Annotated[bool, typer.Option(help="Restart the API when its code changes.")] = True,
) -> None:
    """Start everything in this terminal: engine, UI, sandbox, worker, API. Ctrl-C stops it all."""
    ports = Ports(api_port, temporal_port, ui_port, sandbox_port)
    run(_dev(Stack(ports, data_dir, dedupes=dedupe, reload=reload)))


async def _dev(stack: Stack) -> int:
    console = Console(highlight=False, soft_wrap=True)
    stack.say = console.print
    async with stack:
        ports = stack.ports
        console.print(f"Temporal UI  http://127.0.0.1:{ports.ui}")
        console.print(f"phones       http://127.0.0.1:{ports.sandbox}")
        console.print(f"documents    {stack.api}/docs")
        console.print(f"ready {stack.api}")
        await stack.watch()
    return 0


@app.command(epilog="Example: failover demo --keep")
def demo(
    data_dir: DataDir = Path(".failover/demo"),
    keep: Annotated[bool, typer.Option(help="Leave everything running afterwards.")] = False,
) -> None:
    """Send real flows on the embedded engine, show them live, check how they ended."""
    run(demonstrate(data_dir, keep))


@app.command(epilog="Example: FAILOVER_API_PORT=9000 failover api")
def api(
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = False,
) -> None:
    """Serve the HTTP API. Refuses to start on another schema version."""
    settings = Settings()
    logs.set_up(settings.log_format)
    if reload:
        reloading.serve(settings)
    run(_api(settings), loop=uvloop.new_event_loop)


async def _api(settings: Settings) -> int:
    async with running(settings):  # says in a sentence what is missing, before anything listens
        pass
    return await server.serve(settings)


@app.command(epilog="Example: TEMPORAL_ADDRESS=temporal:7233 failover worker")
def worker() -> None:
    """Run flows: their workflows, sends and callbacks. Exits non-zero if it cannot connect."""
    settings = Settings()
    logs.set_up(settings.log_format)
    files.allow_many()
    run(worker_process.serve(settings), loop=uvloop.new_event_loop)


@app.command(epilog="Example: failover sandbox --no-dedupe")
def sandbox(
    dedupe: Annotated[
        bool | None, typer.Option(help="Whether a repeated reference is one message.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="A file that remembers what was taken, over restarts.")
    ] = None,
) -> None:
    """Serve a provider that sends nothing: scripts by the recipient's last digits, an inbox."""
    settings = Settings()
    logs.set_up(settings.log_format)
    run(
        serve_sandbox(
            host=settings.sandbox_host,
            port=settings.sandbox_port,
            report_origin=settings.report_url,
            dedupes=settings.sandbox_dedupes if dedupe is None else dedupe,
            record=record,
        )
    )


@app.command(epilog="Example: TEMPORAL_NAMESPACE=failover failover bootstrap")
def bootstrap() -> None:
    """Prepare engine and database: namespace, search attributes, schema. Idempotent."""
    run(_bootstrap())


async def _bootstrap() -> None:
    console = Console(highlight=False, soft_wrap=True)
    for line in await prepare(await connect(), Settings()):
        console.print(line)


app.command(epilog="Example: failover doctor --offline --json")(doctor.doctor)
app.command(epilog="Example: failover providers --offline --json")(providers.providers)


def main() -> None:
    """The entry point."""
    try:
        app()
    except (
        NotDone,
        OSError,
        tomllib.TOMLDecodeError,
        ValidationError,
    ) as fault:  # read before a command runs
        complain(fault)
        sys.exit(1)


if __name__ == "__main__":
    main()
