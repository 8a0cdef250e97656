"""`failover keys …`: the master keys, and how a new one takes the place of an old one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from accounts import callback_keys
from accounts.rules import NotDone
from cli import lasting
from cli.ages import moment
from cli.counting import counted
from cli.ending import run
from cli.options import AsJson
from cli.tables import Told, table
from settings import Settings
from storage import keyfile, rotation, schema
from storage.keys import Keyring, Master, Use
from storage.resealing import GONE, Resealing
from tracking import resealing

app = typer.Typer(
    help="Look at the master keys, and change them while everything runs: rotate, restart, "
    "rotate --finish, restart, reseal, and retire the old one weeks later. docs/keys.md says how.",
    no_args_is_help=True,
)

SEALED = (*resealing.SEALED, callback_keys.SEALED)

Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the new list there, for your eyes only."),
]
Print = Annotated[bool, typer.Option("--print", help="Print the new list: it is a secret.")]

RESTART = "restart every API and worker, in any order"
OTHERS = "Whoever types commands such as `failover accounts create` needs it, too."


@app.command("list", epilog="Example: failover keys list --json")
def list_keys(as_json: AsJson = False) -> None:
    """Show the keys by their names: which one seals, and how many rows depend on each."""
    run(_list(as_json))


async def _list(as_json: bool) -> None:
    settings = Settings()
    keys = settings.keyring()
    async with schema.opened(settings.database) as engine:
        rows = await _counted(engine, keys)
        tokens = await lasting.longest_token(engine)
    data = {
        "keys": [
            {"kid": each.kid, "use": each.use or "all", "does": does(keys, each),
             "rows": rows[each.kid]}
            for each in keys.masters
        ],
        "gone": rows[GONE],
        "inFlightDays": lasting.IN_FLIGHT.days,
        "longestTokenSeconds": int(tokens.total_seconds()),
    }  # fmt: skip
    names = [place.name for place in SEALED]
    listed = [(each.kid, does(keys, each), *_numbers(rows[each.kid])) for each in keys.masters]
    shown: list[str | Table] = [
        table("Master keys, newest first; rows that each has sealed", ("key", "", *names), listed),
        "Not counted is what is under way: a key that has sealed for the last time is needed for "
        f"{lasting.days(lasting.IN_FLIGHT)} more by flows and their callbacks, and for "
        f"{lasting.days(tokens)} by access tokens.",
    ]
    if any(rows[GONE].values()):
        lost = ", ".join(f"{number} {name}" for name, number in rows[GONE].items() if number)
        shown.append(f"Sealed by keys that are not in the list: {lost}.")
    Told(data, shown).print(as_json)


def does(keys: Keyring, master: Master) -> str:
    """What a key is there for, in words."""
    parts = {
        Use.NEXT: ["opens, seals from `rotate --finish` on"],
        Use.DIGESTS: [],
        Use.ALL: ["seals" if master.kid == keys.newest else "opens"],
    }[master.use]
    if master.kid == keys.oldest:
        parts = [*parts, "makes the digests that never change"]
    return ", ".join(parts)


def _numbers(rows: Mapping[str, int]) -> Sequence[int]:
    return list(rows.values())


async def _counted(engine: AsyncEngine, keys: Keyring) -> Mapping[str, Mapping[str, int]]:
    work = Resealing(engine, keys, SEALED)
    with counted(_errors(), "looking at rows", await work.rows()) as advance:
        return await work.count(advance)


@app.command(epilog="Example: failover keys rotate, and later: failover keys rotate --finish")
def rotate(
    finish: Annotated[
        bool, typer.Option("--finish", help="Seal by the key that was added: the second step.")
    ] = False,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Both steps: while nothing runs but this.")
    ] = False,
    kid: Annotated[
        str | None, typer.Option(help="The new key's name; without it k and the UTC time.")
    ] = None,
    output: Output = None,
    show: Print = False,
) -> None:
    """Add a new key that opens only; with --finish, once every process has it, seal by it."""
    run(_rotate(finish, at_once, kid, output, show))


async def _rotate(
    finish: bool, at_once: bool, kid: str | None, output: Path | None, show: bool
) -> None:
    if (finish and at_once) or (finish and kid):
        raise typer.BadParameter("--finish stands alone: the key is there already")
    settings = Settings()
    keys = settings.keyring()
    if finish:
        changed = rotation.finished(keys)
    else:
        changed = rotation.begun(keys, kid or f"k{datetime.now(UTC):%Y%m%d%H%M%S}")
        changed = rotation.finished(changed) if at_once else changed
    _keep(settings, changed, output, show)
    if changed.coming:
        _say(
            f"{changed.coming} is added, and opens only; {changed.newest} still seals.",
            f"Now {RESTART}. Then: failover keys rotate --finish",
        )
    else:
        _say(
            f"{changed.newest} seals from each process's next start on.",
            f"Now {RESTART}. Then: failover keys reseal",
        )


@app.command(epilog="Example: failover keys reseal")
def reseal() -> None:
    """Seal by the newest key what the database has from others. May be stopped and repeated."""
    run(_reseal())


async def _reseal() -> None:
    settings = Settings()
    keys = settings.keyring()
    done = lost = 0
    async with schema.opened(settings.database) as engine:
        work = Resealing(engine, keys, SEALED)
        with counted(_errors(), "sealing anew", await work.rows()) as advance:
            async for batch in work.reseal():
                done, lost = done + batch.resealed, lost + batch.unsealable
                advance(batch.seen)
    _say(f"{done} rows are sealed by {keys.newest} now.")
    if lost:
        _say(f"{lost} rows cannot be opened: their key is not in the list, or they are damaged.")


@app.command(epilog="Example: failover keys retire k1 --unused-since 2026-09-01T08:00")
def retire(
    kid: Annotated[str, typer.Argument(metavar="KEY", help="The key's name.")],
    unused_since: Annotated[
        datetime | None,
        typer.Option(
            parser=moment,
            metavar="AGE|DATE",
            help="Since when every API and worker has sealed by a newer key: their last restart.",
        ),
    ] = None,
    end_tokens: Annotated[
        bool,
        typer.Option(
            "--end-tokens", help="Access tokens that it signed may end: clients ask anew."
        ),
    ] = False,
    stolen: Annotated[
        bool,
        typer.Option("--stolen", help="Do not wait: flows under way that it sealed are lost."),
    ] = False,
    output: Output = None,
    show: Print = False,
) -> None:
    """Take a key out of the list, once nothing depends on it. The oldest stays for digests only."""
    run(_retire(kid, unused_since, end_tokens, stolen, output, show))


async def _retire(
    kid: str,
    unused_since: datetime | None,
    end_tokens: bool,
    stolen: bool,
    output: Path | None,
    show: bool,
) -> None:
    settings = Settings()
    keys = settings.keyring()
    changed = rotation.retired(keys, kid)
    async with schema.opened(settings.database) as engine:
        if not stolen and kid != keys.coming:  # which has sealed nothing
            await _check_age(engine, unused_since, end_tokens)
        _check_rows(kid, await _counted(engine, keys))
    _keep(settings, changed, output, show)
    kept = kid == keys.oldest
    _say(
        f"{kid} opens nothing any more, and stays for the digests that must not change."
        if kept
        else f"{kid} is taken out of the list.",
        f"Now {RESTART}. Backups that it sealed need it still: keep it where they are.",
    )


async def _check_age(engine: AsyncEngine, unused_since: datetime | None, end_tokens: bool) -> None:
    if unused_since is None:
        raise NotDone(
            "say by --unused-since when the last API or worker was restarted that sealed by it"
        )
    unused = lasting.since(unused_since, datetime.now(UTC))
    if unused < lasting.IN_FLIGHT:
        raise NotDone(
            "flows that it sealed may be under way for "
            f"{lasting.days(lasting.IN_FLIGHT - unused)} more; --stolen does not wait for them"
        )
    tokens = await lasting.longest_token(engine)
    if unused < tokens and not end_tokens:
        raise NotDone(
            f"access tokens that it signed may live for {lasting.days(tokens - unused)} more; "
            "--end-tokens ends them, and clients ask for others"
        )


def _check_rows(kid: str, rows: Mapping[str, Mapping[str, int]]) -> None:
    if any(rows[kid].values()):
        left = ", ".join(f"{number} {name}" for name, number in rows[kid].items() if number)
        raise NotDone(f"{kid} has sealed {left}: run `failover keys reseal` first")


def _keep(settings: Settings, keys: Keyring, output: Path | None, show: bool) -> None:
    """Put the new list where it is wanted: into the file that it came from, unless told where."""
    if settings.keys and not (output or show):
        raise NotDone(
            "the keys are in FAILOVER_KEYS, which no command can change: --output FILE writes the "
            "new list to a file, --print prints it; either is a secret"
        )
    own = None if settings.keys or show else settings.keys_file or settings.embedded_keys_file
    if file := output or own:
        keyfile.write(file, keys)
        _say(f"{file} has the new list.")
    if show:
        typer.echo(keys.written(","))
    if file != own or show:
        _say(f"It holds from when FAILOVER_KEYS or FAILOVER_KEYS_FILE says so. {OTHERS}")


def _say(*sentences: str) -> None:
    """To standard error: standard output is for the list alone, where it is printed."""
    console = _errors()
    for each in sentences:
        console.print(each)


def _errors() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
