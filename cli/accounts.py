"""`failover accounts …`: accounts and their money; the rest is in the modules beside this one."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts import credentials, ledger, overview, register, rules
from accounts.base import Application
from accounts.overview import Account, Kept, Line, Registered
from accounts.rules import NotDone
from cli import applications, prices, senders
from cli.applications import KEY_ONCE, ONCE
from cli.options import AccountId, AsJson, settings
from cli.tables import Told, members, money, pairs, table
from cli.transactions import change, known, look

app = typer.Typer(
    help="Manage accounts, their applications, senders, templates, prices and money. What is "
    "changed holds from the API's next request on. The database is FAILOVER_DATABASE_URL, or "
    "failover.db in FAILOVER_DATA_DIR (.failover): for `failover dev --data-dir X` set "
    "FAILOVER_DATA_DIR=X.",
    no_args_is_help=True,
)

NONE_YET = "There are no accounts yet: `failover accounts create ACCOUNT` makes one."


@app.command(epilog="Example: failover accounts create acme --balance 100 --application Shop")
def create(
    account: AccountId,
    balance: Annotated[
        Decimal | None,
        typer.Option(parser=rules.price, metavar="AMOUNT", help="The money that it begins with."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--application", metavar="NAME", help="What its application is called."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account with one application; print the application's credentials, once.

    `failover accounts set` changes the application's settings.
    """
    application = Application(credentials.new_id(), account, **settings(name=name))

    async def work(connection: AsyncConnection) -> Told:
        if not await register.open_account(connection, account):
            raise NotDone(
                f"there is an account {account} already: `failover accounts add-application "
                f"{account}` gives it another application"
            )
        if balance:
            await ledger.top_up(connection, account, balance)
        entered = await applications.enter(connection, application)
        has = balance or ledger.FREE
        return Told(
            {"account": account, "balance": has, "application": members(entered)},
            [pairs(account=account, balance=has, **entered.shown), ONCE, KEY_ONCE],
        )

    change(work, as_json)


@app.command("list", epilog="Example: failover accounts list --json")
def list_accounts(as_json: AsJson = False) -> None:
    """List all accounts with their balances."""

    async def work(connection: AsyncConnection) -> Told:
        found = await overview.all_accounts(connection)
        rows = [(each.id, each.balance, each.applications, each.created_at) for each in found]
        headings = ("account", "balance", "applications", "created (UTC)")
        return Told(found, [table("Accounts", headings, rows) if rows else NONE_YET])

    look(work, as_json)


@app.command(epilog="Example: failover accounts show acme --ledger 20")
def show(
    account: AccountId,
    last: Annotated[
        int, typer.Option("--ledger", min=0, help="How many of the ledger's lines.")
    ] = 10,
    as_json: AsJson = False,
) -> None:
    """Show an account: applications and their settings, senders, templates, prices, ledger."""

    async def work(connection: AsyncConnection) -> Told:
        found = await known(connection, account)
        registered = await overview.applications_of(connection, account)
        own_senders = await overview.senders_of(connection, account)
        own_templates = await overview.templates_of(connection, account)
        own_prices = await overview.price_list(connection, [account])
        lines = await overview.last_lines(connection, account, last)
        return Told(
            {
                **members(found),
                "applications": [_application(each) for each in registered],
                "senders": own_senders,
                "templates": own_templates,
                "prices": [prices.as_data(each) for each in own_prices],
                "ledger": lines,
            },
            [
                _head(found),
                *(_described(each) for each in registered),
                *senders.tables(own_senders, own_templates),
                *([prices.listed(own_prices)] if own_prices else []),
                *([_listed(lines)] if lines else []),
            ],
        )

    look(work, as_json)


@app.command(
    "top-up",
    epilog="Example: failover accounts top-up acme 250.00",
    context_settings={"ignore_unknown_options": True},  # a negative amount looks like one
)
def top_up(
    account: AccountId,
    amount: Annotated[
        Decimal,
        typer.Argument(
            parser=rules.amount, metavar="AMOUNT", help="Such as 12.50; -12.50 is taken back."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Add money to an account, or take some back; a balance never falls below zero."""
    if not amount:
        raise NotDone("adding 0 changes nothing")

    async def work(connection: AsyncConnection) -> Told:
        before = await known(connection, account)
        if not await ledger.top_up(connection, account, amount):
            raise NotDone(
                f"{account} has {money(before.balance)}: no more than that can be taken back"
            )
        after = await known(connection, account)
        return Told(
            {"account": account, "added": amount, "balance": after.balance},
            [pairs(account=account, added=amount, balance=after.balance)],
        )

    change(work, as_json)


@app.command("ledger", epilog="Example: failover accounts ledger acme --last 50")
def show_ledger(
    account: AccountId,
    last: Annotated[int, typer.Option(min=1, help="How many of its lines.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the movements of an account's money, newest first."""

    async def work(connection: AsyncConnection) -> Told:
        found = await known(connection, account)
        lines = await overview.last_lines(connection, account, last)
        return Told(lines, [_head(found), *([_listed(lines)] if lines else [])])

    look(work, as_json)


for module in (applications, senders, prices):
    app.add_typer(module.app)


def _head(account: Account) -> str:
    return pairs(account=account.id, balance=account.balance, created=account.created_at)


def _listed(lines: Sequence[Line]) -> Table:
    headings = ("time (UTC)", "kind", "amount", "tracking id", "step", "application")
    rows = [
        (each.at, each.kind, each.amount, each.tracking_id, each.order, each.application)
        for each in lines
    ]
    return table("Ledger, newest first", headings, rows)


def _application(registered: Registered) -> dict[str, object]:
    return {
        **members(registered.application),
        "secrets": registered.secrets,
        "callbackKeys": registered.callback_keys,
    }


def _described(registered: Registered) -> str:
    return "\n" + applications.described(
        registered.application,
        secrets=len(registered.secrets),
        old_secrets_end=_ends(registered.secrets),
        callback_keys=len(registered.callback_keys),
        old_keys_end=_ends(registered.callback_keys),
    )


def _ends(kept: Sequence[Kept]) -> Sequence[datetime]:
    return [each.expires_at for each in kept if each.expires_at]
