"""`failover callbacks listen`: a receiver for developers, which says what arrives."""

import asyncio
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from accounts.demonstration import CALLBACK_KEYS
from accounts.rules import NotDone
from cli.ages import age
from cli.arrivals import Arrival, Arrivals, FlowTold, ReplyTold
from cli.ending import run
from cli.options import AsJson
from cli.receiver import receiving
from egress.signing import BadKey, secret

GOOD, BAD, ODD = "green", "red", "yellow"
INDENT = " " * 10


def listen(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes any.")
    ] = 9000,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHSEC",
            help="A callback key of the application; may be repeated. Without it those of the "
            "demonstration's applications, which are public.",
        ),
    ] = None,
    answer: Annotated[
        int, typer.Option(min=200, max=599, metavar="STATUS", help="What to answer, such as 503.")
    ] = 200,
    delay: Annotated[
        str, typer.Option(metavar="AGE", help="How long to wait before answering, such as 11s.")
    ] = "0s",
    as_json: AsJson = False,
) -> None:
    """Receive callbacks at any path, and say what each tells and whether it is rightly signed.

    An application's key is shown once, by `failover accounts create`, `add-application` or
    `rotate-callback-key`. Ctrl-C ends this.
    """
    listener = Listener(Arrivals(_named(key)), answer, age(delay).total_seconds(), as_json)
    run(listener.listen(host, port))


def _named(keys: list[str] | None) -> Mapping[str, str]:
    """What each key is called where it is found right."""
    if not keys:
        return {key: f"the key of {name}" for name, key in CALLBACK_KEYS.items()}
    try:
        for each in keys:
            secret(each)
    except BadKey as fault:
        raise NotDone(f"--key: {fault}") from None
    named = {key: f"key {place}" for place, key in enumerate(dict.fromkeys(keys), 1)}
    return named if len(named) > 1 else dict.fromkeys(named, "the key")


@dataclass
class Listener:
    """Answers callbacks with a status, after so many seconds, and prints what they are."""

    arrivals: Arrivals
    answer: int
    delay: float
    as_json: bool
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, host: str, port: int) -> None:
        """Until Ctrl-C, or SIGTERM."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._over.set)
        async with receiving(self._take, host, port) as bound:
            shown = f"[{host}]" if ":" in host else host
            self._say(f"listening at http://{shown}:{bound}/, Ctrl-C ends it")
            await self._over.wait()
        self._say(summary(self.arrivals))

    async def _take(self, request: Request) -> Response:
        with suppress(ClientDisconnect):
            body = await request.body()
            arrival = self.arrivals.take(request.headers, body, time.time())
            if self.as_json:
                typer.echo(arrival.model_dump_json().encode())  # bytes: the same in every locale
            else:
                Console(highlight=False, soft_wrap=True).print(described(arrival))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), self.delay)
        return Response(status_code=self.answer)

    def _say(self, sentence: str) -> None:
        # A program reads standard output, and there nothing but callbacks.
        Console(stderr=self.as_json, highlight=False, soft_wrap=True).print(Text(sentence))


def described(arrival: Arrival) -> Text:
    """A callback as people read it: who signed it, whether it is new, what it tells."""
    shown = Text(f"{arrival.at.astimezone():%H:%M:%S}  {arrival.webhook_id or 'no webhook-id'}")
    if arrival.sequence:
        shown.append(f"  sequence {arrival.sequence}")
    if arrival.same_bytes is not None:
        again, style = ("the same bytes", ODD) if arrival.same_bytes else ("OTHER bytes", BAD)
        shown.append(f"  again, {again}", style=style)
    if arrival.fault:
        shown.append(f"\n{INDENT}✗ {arrival.fault}", style=BAD)
    else:
        shown.append(f"\n{INDENT}✓ signed by {arrival.signed_by}", style=GOOD)
    shown.append(f"\n{INDENT}")
    if arrival.flow:
        return shown.append(_flow(arrival.flow))
    if arrival.reply:
        return shown.append(_reply(arrival.reply))
    return shown.append(arrival.odd or "", style=ODD)


def _flow(flow: FlowTold) -> str:
    code = "" if flow.status_code is None else f", statusCode {flow.status_code}"
    steps = " → ".join(f"{each.order} {each.type} {each.status.name}" for each in flow.messages)
    to = ", ".join(dict.fromkeys(each.to for each in flow.messages)) or "nobody yet"
    return f"flow {flow.tracking_id} to {to}: {flow.status}{code}\n{INDENT}{steps or 'no step'}"


def _reply(reply: ReplyTold) -> str:
    return (
        f"reply to message {reply.reference_tracking_id}\n"
        f"{INDENT}{reply.from_} says to {reply.to}: {reply.message}"
    )


def summary(arrivals: Arrivals) -> str:
    """The last line."""
    return (
        f"{arrivals.received} received, {arrivals.repeated} of them repeated, "
        f"{arrivals.wrong} not rightly signed"
    )
