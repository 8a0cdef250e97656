"""`failover callbacks …`: what clients were told, or were not, and telling them again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from accounts import rules
from cli import listening, replaying
from cli.ages import moment
from cli.ending import run
from cli.hiding import answer_shown, body_shown
from cli.options import AsJson
from cli.tables import Told, members, pairs, table
from settings import Settings
from storage import schema
from storage.seal import Sealer
from tracking.callbacks import CallbackRecords, Entry, Opened
from tracking.outbox import Attempt, State

app = typer.Typer(
    help="Look at callbacks and the attempts at them, have dead ones delivered again, and receive "
    "them as a client does. They are kept for 30 days.",
    no_args_is_help=True,
)

app.command(epilog="Example: failover callbacks listen --port 9000 --answer 503")(listening.listen)

NONE_FOUND = "There are no such callbacks."

CallbackId = Annotated[str, typer.Argument(metavar="ID", help="The callback's webhook-id.")]
OfAccount = Annotated[
    str | None,
    typer.Option("--account", parser=rules.identifier, metavar="ACCOUNT", help="Only its own."),
]


@app.command("list", epilog="Example: failover callbacks list --account acme --since 3d")
def list_callbacks(
    account: OfAccount = None,
    state: Annotated[State, typer.Option(help="Where they stand.")] = State.DEAD,
    since: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="AGE|DATE", help="Happened since: 3d, 2026-09-01."),
    ] = None,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List callbacks, newest first: those that were given up, unless another state is named."""
    run(_list(account, state, since, last, as_json))


async def _list(
    account: str | None, state: State, since: datetime | None, last: int, as_json: bool
) -> None:
    async with _records() as records:
        page = await records.list(account, state=state, since=since, size=last)
    shown: Sequence[str | Table] = [NONE_FOUND]
    if page.entries:
        of_all = f"{len(page.entries)} of {page.total} {state} callbacks, newest first"
        headings = ("happened (UTC)", "account", "id", "attempts", "last", "replays")
        shown = [table(of_all, headings, [_row(entry) for entry in page.entries])]
    Told([_data(entry) for entry in page.entries], shown).print(as_json)


@app.command(epilog="Example: failover callbacks show msg_c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02-3")
def show(id: CallbackId, as_json: AsJson = False) -> None:
    """Show a callback: its attempts, the last answer, and its body with what was sent masked."""
    run(_show(id, as_json))


async def _show(id: str, as_json: bool) -> None:
    async with _records() as records:
        opened = await records.opened(None, id)
    entry, body, answer = opened.entry, _body(opened), _answer(opened)
    data = {**_data(entry), "origin": opened.origin, "body": body, "answer": answer}
    head = {name: getattr(entry, name) for name in _HEAD}
    rows = [(each.at, _ending(each), each.seconds) for each in entry.attempts]
    shown: list[str | Table] = [pairs(**head, origin=opened.origin)]
    if rows:
        shown.append(table("Attempts, oldest first", ("at (UTC)", "answer", "seconds"), rows))
    shown += [f"last answer  {answer or '-'}", f"body  {_pretty(body)}"]
    Told(data, shown).print(as_json)


app.command(
    epilog="Example: failover callbacks replay --since 3d --account acme --dry-run",
)(replaying.replay)


_HEAD = (
    "id", "account", "application", "tracking_id", "seq", "state", "replays", "happened_at", "since"
)  # fmt: skip


@asynccontextmanager
async def _records() -> AsyncIterator[CallbackRecords]:
    settings = Settings()
    async with schema.opened(settings.database) as engine:
        yield CallbackRecords(engine, Sealer(settings.keyring()))


def _data(entry: Entry) -> dict[str, Any]:
    attempts = [each.model_dump(mode="json") for each in entry.attempts]
    return {**members(entry), "attempts": attempts}


def _row(entry: Entry) -> Sequence[Any]:
    ending = _ending(entry.attempts[-1]) if entry.attempts else None
    attempts = len(entry.attempts)
    return entry.happened_at, entry.account, entry.id, attempts, ending, entry.replays


def _ending(attempt: Attempt) -> str:
    return str(attempt.status) if attempt.status is not None else attempt.fault


def _body(opened: Opened) -> Any:
    return None if opened.body is None else body_shown(opened.body)


def _answer(opened: Opened) -> str:
    return "" if opened.body is None else answer_shown(opened.answer, opened.body)


def _pretty(body: Any) -> str:
    if body is None:
        return "cannot be opened: its key is not in FAILOVER_KEYS"
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
