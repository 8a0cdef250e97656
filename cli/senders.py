"""`failover accounts …`, Viber senders and templates."""

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import typer
from rich.table import Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts import register, rules
from accounts.base import SenderInfo, SenderState, Template
from accounts.rules import NotDone
from cli.options import AccountId, AsJson
from cli.tables import Told, pairs, table
from cli.transactions import change, known

app = typer.Typer()

TemplateId = Annotated[
    str, typer.Argument(parser=rules.uuid, metavar="UUID", help="The template's id.")
]


@app.command("add-sender", epilog="Example: failover accounts add-sender acme AcmeShop")
def add_sender(
    account: AccountId,
    name: Annotated[
        str, typer.Argument(parser=rules.name, metavar="NAME", help="What recipients see.")
    ],
    sender_id: Annotated[
        str | None,
        typer.Option(
            "--id", parser=rules.uuid, metavar="UUID", help="Its id; without it a new one."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give the account a Viber sender; flows name it by its id (senderInfoTrackingId)."""
    sender = SenderInfo(sender_id or str(uuid4()), account, name)

    async def work(connection: AsyncConnection) -> Told:
        await known(connection, account)
        try:
            await register.add_sender(connection, sender)
        except IntegrityError:
            raise NotDone(f"there is a sender {sender.id} already: take another id") from None
        return Told(sender, [_sender(sender)])

    change(work, as_json)


@app.command(
    "set-sender",
    epilog="Example: failover accounts set-sender 7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11 "
    "--state inactive",
)
def set_sender(
    sender_id: Annotated[
        str, typer.Argument(parser=rules.uuid, metavar="UUID", help="The sender's id.")
    ],
    state: Annotated[SenderState, typer.Option(help="Only an active sender may send.")],
    as_json: AsJson = False,
) -> None:
    """Let a Viber sender send, or not. Flows that were accepted go on."""

    async def work(connection: AsyncConnection) -> Told:
        sender = await register.set_sender_state(connection, sender_id, state)
        if sender is None:
            raise NotDone(
                f"there is no sender {sender_id}: `failover accounts show` lists an account's"
            )
        return Told(sender, [_sender(sender)])

    change(work, as_json)


@app.command(
    "add-template",
    epilog="Example: failover accounts add-template acme 3c1f6b52-8a4d-4e0e-9b1e-7f5f2f6b9d20 "
    "--otp --languages en,el",
)
def add_template(
    account: AccountId,
    template_id: TemplateId,
    otp: Annotated[bool, typer.Option("--otp", help="It requires the parameter `pin`.")] = False,
    languages: Annotated[
        str, typer.Option(metavar="CODES", help="Its languages, with commas, for your memory.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Register a Viber template; only an OTP template must be, for the API takes any id."""
    template = Template(template_id, account, rules.languages(languages), otp)

    async def work(connection: AsyncConnection) -> Told:
        await known(connection, account)
        try:
            await register.add_template(connection, template)
        except IntegrityError:
            raise NotDone(
                f"{account} has a template {template_id} already: `failover accounts "
                f"remove-template {account} {template_id}` removes it"
            ) from None
        shown = pairs(template=template.id, account=account, languages=template.languages, otp=otp)
        return Told(template, [shown])

    change(work, as_json)


@app.command(
    "remove-template",
    epilog="Example: failover accounts remove-template acme 3c1f6b52-8a4d-4e0e-9b1e-7f5f2f6b9d20",
)
def remove_template(account: AccountId, template_id: TemplateId, as_json: AsJson = False) -> None:
    """Forget a Viber template: the API still takes its id, but as that of any other template."""

    async def work(connection: AsyncConnection) -> Told:
        await known(connection, account)
        if not await register.remove_template(connection, account, template_id):
            raise NotDone(
                f"{account} has no template {template_id}: `failover accounts show {account}` "
                "lists its templates"
            )
        return Told(
            {"account": account, "template": template_id, "removed": True},
            [f"The template {template_id} of {account} is removed."],
        )

    change(work, as_json)


def tables(senders: Sequence[SenderInfo], templates: Sequence[Template]) -> Sequence[Table]:
    """Those that are not empty."""
    of_senders = [(each.id, each.name, each.state) for each in senders]
    of_templates = [(each.id, each.languages, each.otp) for each in templates]
    return [
        table(title, headings, rows)
        for title, headings, rows in (
            ("Viber senders", ("id", "name", "state"), of_senders),
            ("Viber templates", ("id", "languages", "otp"), of_templates),
        )
        if rows
    ]


def _sender(sender: SenderInfo) -> str:
    return pairs(sender=sender.id, account=sender.account, name=sender.name, state=sender.state)
