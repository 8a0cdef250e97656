"""What a person can mend is said in a sentence, and the exit code is not 0."""

import socket
from dataclasses import astuple
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.stack import Died, Ports
from storage.engine import writing
from tests.databases import Databases
from tests.processes import HOST, Processes

OF_TOMORROW = text("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("verb", ["worker", "api"])
async def test_another_schema_version_is_refused(
    installed: Processes, database: AsyncEngine, verb: str
) -> None:
    """It says which version it found, and that `failover bootstrap` mends it."""
    async with writing(database) as connection:
        await connection.execute(OF_TOMORROW)
    ended = await installed.run(verb)
    assert ended.code == 1
    assert "the database has schema version 9999" in ended.output
    assert "run `failover bootstrap`" in ended.output
    assert "Traceback" not in ended.output


async def test_a_database_that_was_never_made_is_refused(
    commands: Processes, tmp_path: Path
) -> None:
    """Without even a directory for it, the sentence is about `failover bootstrap` as well."""
    ended = await commands.run("worker", FAILOVER_DATA_DIR=str(tmp_path / "nowhere"))
    assert ended.code == 1
    assert ended.output.startswith("failover: the database cannot be used")
    assert "`failover bootstrap`" in ended.output


async def test_a_database_that_cannot_be_reached_is_refused(
    commands: Processes, databases: Databases
) -> None:
    """The sentence is the same for one that is named by its address."""
    ended = await commands.run("worker", FAILOVER_DATABASE_URL=databases.away)
    assert ended.code == 1
    assert ended.output.startswith("failover: the database cannot be used")
    assert "Traceback" not in ended.output


async def test_a_worker_that_cannot_connect_gives_up(installed: Processes) -> None:
    """Whoever supervises it starts it again; the sentence names the address."""
    worker = await installed.start("worker")
    ended = await worker.ended(within=25)
    assert ended.code == 1
    assert ended.output.startswith("failover: Failed client connect")
    assert installed.environment["TEMPORAL_ADDRESS"] in ended.output


async def test_without_keys_it_says_where_they_come_from(commands: Processes) -> None:
    """The setting, the file, or `failover dev`, which makes them."""
    del commands.environment["FAILOVER_KEYS"]
    ended = await commands.run("worker")
    assert ended.code == 1
    assert ended.output.startswith("failover: no keys")
    for way in ("FAILOVER_KEYS", "FAILOVER_KEYS_FILE", "failover dev"):
        assert way in ended.output


async def test_a_setting_that_cannot_be_read_is_named(commands: Processes) -> None:
    """As the environment calls it, without a traceback."""
    ended = await commands.run("sandbox", FAILOVER_SANDBOX_PORT="many")
    assert ended.code == 1
    assert ended.output.startswith("failover: FAILOVER_SANDBOX_PORT: Input should be")
    assert "Traceback" not in ended.output


async def test_dev_says_which_port_is_in_use(commands: Processes) -> None:
    """Before it starts anything."""
    ports = Ports.free()
    with socket.create_server((HOST, ports.ui)):
        ended = await commands.run("dev", *options(ports))
    assert ended.code == 1
    assert ended.output == f"failover: port {ports.ui} is in use; choose another with --ui-port\n"


@pytest.mark.parametrize("name", ["api", "temporal", "ui", "sandbox"])
def test_a_port_in_use_is_named_with_its_option(name: str) -> None:
    """Each of the four, whoever listens there and on whichever address."""
    ports = Ports.free()
    ports.check()
    taken: int = getattr(ports, name)
    with (
        socket.create_server(("", taken)),
        pytest.raises(Died, match=f"port {taken} is in use; choose another with --{name}-port"),
    ):
        ports.check()


def test_free_ports_are_four() -> None:
    """No two processes get the same."""
    assert len(set(astuple(Ports.free()))) == 4


def options(ports: Ports) -> list[str]:
    """The ports as options of `failover dev`."""
    return [part for name, port in vars(ports).items() for part in (f"--{name}-port", str(port))]
