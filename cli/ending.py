"""The one place where a command ends."""

import asyncio
import os
import signal
import sys
import tomllib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NoReturn

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError

from accounts.rules import NotDone
from cli.engine import NoEngine
from cli.stack import Died
from domain.errors import Refusal
from providers.registry import Misrouted
from storage.keys import BadKeys
from storage.rotation import NotRotated
from storage.schema import WrongSchema
from workflows.namespace import WrongSearchAttribute
from workflows.repair import WrongEngine

# What a person can mend: said in a sentence, without a traceback.
EXPECTED = (
    BadKeys,
    Died,
    Misrouted,
    NoEngine,
    NotDone,
    NotRotated,
    OSError,
    OperationalError,
    RPCError,
    Refusal,
    RuntimeError,
    tomllib.TOMLDecodeError,
    ValidationError,
    WrongEngine,
    WrongSchema,
    WrongSearchAttribute,
)


Loop = Callable[[], asyncio.AbstractEventLoop]


def run(command: Coroutine[Any, Any, int | None], loop: Loop | None = None) -> NoReturn:
    """Run a command to its end; its result is the exit code, 0 for None.

    A process that spoke to the engine can abort while the interpreter shuts down
    (temporalio/sdk-python#300), so it leaves without that once everything is closed and flushed.
    """
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            code = runner.run(_settled(command)) or 0
    except KeyboardInterrupt:
        code = 130
    except asyncio.CancelledError:
        code = 143
    except EXPECTED as fault:
        complain(fault)
        code = 1
    except Exception:
        Console(stderr=True).print_exception()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def complain(fault: BaseException) -> None:
    """Say in a sentence, on standard error, what a person can mend."""
    sentence = Text.assemble(("failover:", "red"), f" {_sentence(fault)}")
    Console(stderr=True, highlight=False, soft_wrap=True).print(sentence)


def _sentence(fault: BaseException) -> str:
    if isinstance(fault, OperationalError):
        return f"the database cannot be used, was `failover bootstrap` run? {fault.orig}"
    if isinstance(fault, ValidationError) and fault.title in ("Settings", "Located"):
        return "; ".join(map(": ".join, mistakes(fault)))
    if isinstance(fault, tomllib.TOMLDecodeError):
        return f"FAILOVER_CONFIG: the file is not TOML: {fault}"
    return str(fault)


def mistakes(fault: ValidationError) -> Iterator[tuple[str, str]]:
    """Each setting that cannot be read, by its variable, and why."""
    for each in fault.errors():
        yield _variable(each["loc"]), each["msg"]


def _variable(location: tuple[int | str, ...]) -> str:
    """FAILOVER_KANNEL_URL of ("kannel", "url"); of a file's sections as well."""
    return "_".join(("FAILOVER", *map(str, location))).upper()


async def _settled(command: Coroutine[Any, Any, int | None]) -> int | None:
    task = asyncio.current_task()
    if task:  # SIGTERM ends a command as Ctrl-C does, unless it listens itself
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await command
    finally:
        await asyncio.sleep(0.05)
