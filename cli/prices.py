"""`failover accounts …`, prices: what a message costs, by channel, country and account."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts import overview, register, rules
from accounts.base import Price
from accounts.rules import NotDone
from cli.options import AsJson
from cli.tables import Told, members, pairs, table
from cli.transactions import change, known, look
from domain.status import Channel

app = typer.Typer()

EVERYBODY, EVERYWHERE = "everybody", "everywhere"

WHICH = (
    "Of a channel's prices the first that fits holds: the account's own before everybody's, a "
    "country's before everywhere's. An Sms costs that much for each part."
)
FREE = "There are no prices: everything is free."

ForChannel = Annotated[
    Channel, typer.Argument(parser=rules.channel, metavar="CHANNEL", help="Sms, Viber or Voice.")
]
ForCountry = Annotated[
    str | None,
    typer.Option(
        parser=rules.country, metavar="CODE", help="Only there: GR, DE and so on; else everywhere."
    ),
]
ForAccount = Annotated[
    str | None,
    typer.Option(parser=rules.identifier, metavar="ACCOUNT", help="Only for it; else everybody."),
]


@app.command("price", epilog="Example: failover accounts price Sms 0.035 --country GR")
def set_price(
    channel: ForChannel,
    amount: Annotated[
        Decimal,
        typer.Argument(
            parser=rules.price, metavar="AMOUNT", help="For a message, or a part of an Sms."
        ),
    ],
    country: ForCountry = None,
    account: ForAccount = None,
    as_json: AsJson = False,
) -> None:
    """Set what a message costs, from the next one on."""
    price = Price(channel, amount, country or "", account or "")

    async def work(connection: AsyncConnection) -> Told:
        if account:
            await known(connection, account)
        await register.set_price(connection, price)
        return Told(as_data(price), [_shown(price)])

    change(work, as_json)


@app.command("remove-price", epilog="Example: failover accounts remove-price Sms --country GR")
def remove_price(
    channel: ForChannel,
    country: ForCountry = None,
    account: ForAccount = None,
    as_json: AsJson = False,
) -> None:
    """Remove exactly that price; the next that fits holds, and without one messages are free."""

    async def work(connection: AsyncConnection) -> Told:
        removed = await register.remove_price(connection, channel, country or "", account or "")
        whose = f"{account or EVERYBODY}, {country or EVERYWHERE}"
        if not removed:
            raise NotDone(
                f"{channel} has no price for {whose}: `failover accounts prices` lists all"
            )
        return Told(
            {"channel": channel, "country": country, "account": account, "removed": True},
            [f"The price of {channel} for {whose} is removed."],
        )

    change(work, as_json)


@app.command("prices", epilog="Example: failover accounts prices --account acme")
def list_prices(account: ForAccount = None, as_json: AsJson = False) -> None:
    """List all prices, or those that an account may come to pay; says which of them holds."""

    async def work(connection: AsyncConnection) -> Told:
        if account:
            await known(connection, account)
        found = await overview.price_list(connection, [account, ""] if account else None)
        return Told([as_data(each) for each in found], [listed(found), WHICH] if found else [FREE])

    look(work, as_json)


def as_data(price: Price) -> dict[str, object]:
    """A price for programs; null means any."""
    return {**members(price), "country": price.country or None, "account": price.account or None}


def listed(prices: Sequence[Price]) -> Table:
    """Prices for people."""
    rows = [
        (each.channel, each.account or EVERYBODY, each.country or EVERYWHERE, each.price)
        for each in prices
    ]
    return table("Prices", ("channel", "account", "country", "price"), rows)


def _shown(price: Price) -> str:
    return pairs(
        channel=price.channel,
        price=price.price,
        country=price.country or EVERYWHERE,
        account=price.account or EVERYBODY,
    )
