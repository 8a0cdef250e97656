"""`failover accounts …`, applications: who calls the API for an account, and what it may do."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts import callback_keys, credentials, register, rules
from accounts.base import Application
from accounts.rules import NotDone
from cli.ages import age
from cli.options import (
    AccountId,
    ApplicationId,
    AsJson,
    DailyCap,
    DefaultSender,
    Destinations,
    Name,
    Roles,
    Scopes,
    Setting,
    TokenLifetime,
    Transcode,
    defaults,
    settings,
)
from cli.tables import Told, members, pairs
from cli.transactions import change, known
from settings import Settings
from storage.seal import Sealer

app = typer.Typer()

ONCE = "The secret is not kept in clear: it will not be shown again."
KEY_ONCE = "The callback key is kept sealed: it will not be shown again."


@app.command(
    "add-application",
    epilog="Example: failover accounts add-application acme --name Shop --destinations +30,+357",
)
def add_application(
    account: AccountId,
    application_id: Annotated[
        str | None,
        typer.Option(
            "--id",
            parser=rules.identifier,
            metavar="ID",
            help="Its id where a gateway names it; without it a new one.",
        ),
    ] = None,
    name: Name = None,
    roles: Roles = None,
    scopes: Scopes = None,
    token_lifetime: TokenLifetime = None,
    transcode: Transcode = None,
    default_sender: DefaultSender = None,
    destinations: Destinations = None,
    daily_cap: DailyCap = None,
    as_json: AsJson = False,
) -> None:
    """Give the account another application; print its id, secret and callback key, once."""
    application = dataclasses.replace(
        Application(application_id or credentials.new_id(), account),
        **settings(
            name=name,
            roles=roles,
            scopes=scopes,
            token_lifetime=token_lifetime,
            transcode=transcode,
            default_sender=default_sender,
            destinations=destinations,
            daily_cap=daily_cap,
        ),
    )

    async def work(connection: AsyncConnection) -> Told:
        await known(connection, account)
        entered = await enter(connection, application)
        return Told(
            {"account": account, "application": members(entered)},
            [pairs(account=account, **entered.shown), ONCE, KEY_ONCE],
        )

    change(work, as_json)


@app.command("set", epilog="Example: failover accounts set 64d0f2a1c9e77b0012ab34cd --daily-cap 50")
def set_application(
    application_id: ApplicationId,
    name: Name = None,
    roles: Roles = None,
    scopes: Scopes = None,
    token_lifetime: TokenLifetime = None,
    transcode: Transcode = None,
    default_sender: DefaultSender = None,
    destinations: Destinations = None,
    daily_cap: DailyCap = None,
    clear: Annotated[
        list[Setting] | None,
        typer.Option(help="Put a setting back to what it is without one; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change an application's settings, from its next request on; what is not named stays."""
    changed = settings(
        name=name,
        roles=roles,
        scopes=scopes,
        token_lifetime=token_lifetime,
        transcode=transcode,
        default_sender=default_sender,
        destinations=destinations,
        daily_cap=daily_cap,
    )
    cleared = defaults(clear or ())
    if both := changed.keys() & cleared.keys():
        raise NotDone(f"either set or clear {', '.join(sorted(both))}, not both")
    if not (changed or cleared):
        raise NotDone("say what to set: `failover accounts set --help` shows the settings")

    async def work(connection: AsyncConnection) -> Told:
        found = await _locked(connection, application_id)
        application = dataclasses.replace(found, **changed, **cleared)
        await register.change_application(connection, application)
        return Told(members(application), [described(application)])

    change(work, as_json)


@app.command(
    "rotate-secret",
    epilog="Example: failover accounts rotate-secret 64d0f2a1c9e77b0012ab34cd --keep-old 24h",
)
def rotate_secret(
    application_id: ApplicationId,
    keep_old: Annotated[
        timedelta | None,
        typer.Option(
            parser=age, metavar="AGE", help="How long the old secret stays valid; else it ends now."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give an application a new secret, and print it, once. Tokens issued before stay valid."""
    until = datetime.now(UTC) + keep_old if keep_old else None

    async def work(connection: AsyncConnection) -> Told:
        await _locked(connection, application_id)
        secret = credentials.new_secret()
        await register.expire_secrets(connection, application_id, until)
        await register.add_secret(connection, application_id, secret)
        return Told(
            {"application": application_id, "secret": secret, "oldValidUntil": until},
            [
                pairs(application=application_id, secret=secret, old_valid_until=until),
                ONCE,
            ],
        )

    change(work, as_json)


@app.command(
    "rotate-callback-key",
    epilog="Example: failover accounts rotate-callback-key 64d0f2a1c9e77b0012ab34cd --keep-old 7d",
)
def rotate_callback_key(
    application_id: ApplicationId,
    keep_old: Annotated[
        str,
        typer.Option(
            metavar="AGE",
            help="How long callbacks are signed with the old keys, too; 0s ends them.",
        ),
    ] = "24h",
    as_json: AsJson = False,
) -> None:
    """Give an application a new key for the signatures of its callbacks, and print it, once."""
    overlap = age(keep_old)
    until = datetime.now(UTC) + overlap if overlap else None

    async def work(connection: AsyncConnection) -> Told:
        await _locked(connection, application_id)
        await callback_keys.expire(connection, application_id, until)
        key = await _new_key(connection, application_id)
        return Told(
            {"application": application_id, "callbackKey": key, "oldValidUntil": until},
            [
                pairs(application=application_id, callback_key=key, old_valid_until=until),
                KEY_ONCE,
            ],
        )

    change(work, as_json)


@app.command(
    "remove-application",
    epilog="Example: failover accounts remove-application 64d0f2a1c9e77b0012ab34cd --yes",
)
def remove_application(
    application_id: ApplicationId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove an application: its secrets, tokens and callback keys end at once, its flows go on."""
    if not yes:
        question = f"Remove the application {application_id}? Its tokens and keys end at once."
        typer.confirm(question, abort=True, err=True)

    async def work(connection: AsyncConnection) -> Told:
        await _locked(connection, application_id)
        await register.remove_application(connection, application_id)
        return Told(
            {"application": application_id, "removed": True},
            [f"The application {application_id} is removed."],
        )

    change(work, as_json)


@dataclass(frozen=True)
class Entered:
    """A new application's id, and what is shown of it once."""

    id: str
    secret: str
    callback_key: str

    @property
    def shown(self) -> Mapping[str, str]:
        """For people."""
        return {"application": self.id, "secret": self.secret, "callback_key": self.callback_key}


async def enter(connection: AsyncConnection, application: Application) -> Entered:
    """Enter the application with its first secret and its first callback key.

    Raises:
        NotDone: there is one of that id.
        BadKeys: there are no master keys to seal the callback key by.
    """
    secret = credentials.new_secret()
    try:
        await register.add_application(connection, application, secret)
    except IntegrityError:
        raise NotDone(
            f"there is an application {application.id} already: take another id"
        ) from None
    return Entered(application.id, secret, await _new_key(connection, application.id))


async def _new_key(connection: AsyncConnection, application_id: str) -> str:
    key = credentials.new_callback_key()
    sealer = Sealer(Settings().keyring())
    sealed = callback_keys.sealed(sealer, application_id, key)
    await callback_keys.add(connection, application_id, sealed)
    return key


def described(application: Application, **more: object) -> str:
    """Its settings, one a line, and what else there is to say of it."""
    shown = vars(application) | {"destinations": application.destinations or "anywhere"}
    del shown["id"]
    return pairs(application=application.id, **shown, **more)


async def _locked(connection: AsyncConnection, application_id: str) -> Application:
    found = await register.application(connection, application_id)
    if found is None:
        raise NotDone(
            f"there is no application {application_id}: `failover accounts show` lists an account's"
        )
    return found
