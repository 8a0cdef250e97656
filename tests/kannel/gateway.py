"""A Kannel of our own, with two SMSCs behind it: its fakesmsc, and an SMPP stand-in."""

import asyncio
import json
import re
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from providers.kannel import Config, Kannel
from tests.conftest import until
from tests.kannel import smscs
from tests.kannel.install import STAND_IN, Programs, programs
from tests.kannel.smscs import Part, Submitted
from tests.processes import HOST, ROOT, Child, client_of, free_port

FAKE, SMPP = "fake", "operator"
"""The SMSCs' ids in Kannel's configuration."""

DOCUMENT = ROOT / "docs" / "providers" / "kannel.md"

PASSWORD = "kannel-secret"

FAKE_GROUP = """
group = smsc
smsc = fake
smsc-id = fake
allowed-smsc-id = fake
port = {}
our-host = 127.0.0.1
connect-allow-ip = 127.0.0.1
"""


@dataclass(frozen=True)
class Ports:
    """Where its parts listen, all on loopback."""

    admin: int
    smsbox: int
    fake: int
    smpp: int
    sendsms: int


class Boxes:
    """Starts programs that end with the tests, whatever ends those."""

    def __init__(self, found: Programs, directory: Path) -> None:
        self._found = found
        self._directory = directory
        self._children: list[Child] = []

    async def start(self, name: str, *command: str) -> Child:
        """The command, which prints to `<name>.log`."""
        log = self._directory / f"{name}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(self._found.setpriv, "--pdeathsig", "KILL", "--", *command),
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                cwd=self._directory,
            )
        child = Child(process, log)
        self._children.append(child)
        return child

    async def end(self) -> None:
        """None is left."""
        for child in reversed(self._children):
            await child.killed()


@dataclass(frozen=True)
class Gateway:
    """It runs; messages go to the SMSC that is named in their requests."""

    ports: Ports
    bearerbox: Child
    fakesmsc: Child
    stand_in: Child

    def provider(self, smsc: str) -> Kannel:
        """Ours, set up to send by that SMSC."""
        return Kannel(
            Config.model_validate(
                {
                    "url": f"http://{HOST}:{self.ports.sendsms}",
                    "username": "failover",
                    "password": PASSWORD,
                    "smsc": smsc,
                }
            )
        )

    def at_the_fake(self, number: str) -> Sequence[Part]:
        """What the fake SMSC got for that number."""
        return [each for each in smscs.at_the_fake(_printed(self.fakesmsc)) if each.to == number]

    def at_the_stand_in(self, number: str) -> Sequence[Submitted]:
        """What the SMPP stand-in was sent for that number, which travels without its plus."""
        sent = smscs.at_the_stand_in(_printed(self.stand_in))
        return [each for each in sent if f"+{each.to}" == number]

    async def broken(self) -> None:
        """Kill bearerbox, and return once smsbox takes no connection any more."""
        await self.bearerbox.killed()
        async with client_of(self.ports.sendsms) as client:

            async def refused() -> bool:
                return await _status(client) is None

            await until(refused)


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Gateway]:
    """A new one; its files are in that directory.

    Raises:
        Missing: something is not installed.
    """
    found = programs()
    boxes = Boxes(found, directory)
    try:
        yield await _started(found, boxes, directory)
    finally:
        await boxes.end()


async def _started(found: Programs, boxes: Boxes, directory: Path) -> Gateway:
    stand_in = await boxes.start(SMPP, found.node, str(STAND_IN))
    await until(lambda: stand_in.says("\n"))
    port = json.loads(stand_in.output.splitlines()[0])["port"]
    ports = Ports(free_port(), free_port(), free_port(), port, free_port())
    file = directory / "kannel.conf"
    file.write_text(_configuration(ports, directory), encoding="utf-8")
    bearerbox = await boxes.start("bearerbox", found.bearerbox, str(file))
    async with client_of(ports.admin) as admin:
        await _has(admin, bearerbox, "<status>running")
        smsbox = await boxes.start("smsbox", found.smsbox, str(file))
        fakesmsc = await boxes.start(FAKE, *_fakesmsc(found, ports))
        await _has(admin, smsbox, "<type>smsbox</type>")
        await _has(admin, fakesmsc, "<status>online", times=2)
    async with client_of(ports.sendsms) as sendsms:

        async def answers() -> bool:
            assert not smsbox.is_over, _printed(smsbox)
            return await _status(sendsms) == httpx.codes.FORBIDDEN

        await until(answers)
    return Gateway(ports, bearerbox, fakesmsc, stand_in)


def _configuration(ports: Ports, directory: Path) -> str:
    """What the documentation tells operators to write, for here; and the fake SMSC."""
    found = re.search(r"```ini\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    text = found[1]
    spool = directory / "spool"
    spool.mkdir()
    own = {
        "admin-port": ports.admin,
        "admin-password": PASSWORD,
        "smsbox-port": ports.smsbox,
        "store-location": spool,
        "host": HOST,
        "port": ports.smpp,
        "sendsms-port": ports.sendsms,
        "http-queue-delay": 1,
        "password": PASSWORD,
    }
    for name, value in own.items():
        text, times = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert times == 1, name
    return text + FAKE_GROUP.format(ports.fake)


def _fakesmsc(found: Programs, ports: Ports) -> Sequence[str]:
    # It wants a message to send, and sends none.
    return (found.fakesmsc, "-H", HOST, "-r", str(ports.fake), "-m", "0", "1 2 text nop")


async def _has(admin: httpx.AsyncClient, needed: Child, words: str, times: int = 1) -> None:
    """Wait for the status page to say that; an error if the program ends before it does."""

    async def said() -> bool:
        assert not needed.is_over, _printed(needed)
        try:
            page = await admin.get("/status.xml", params={"password": PASSWORD})
        except httpx.TransportError:
            return False
        return page.text.count(words) == times

    await until(said)


async def _status(client: httpx.AsyncClient) -> int | None:
    """How sendsms answers to nobody in particular; None where nobody answers."""
    try:
        return (await client.get("/cgi-bin/sendsms")).status_code
    except httpx.TransportError:
        return None


def _printed(child: Child) -> str:
    """What it has printed: perhaps half a character more than can be read."""
    return child.log.read_bytes().decode("utf-8", "replace")
