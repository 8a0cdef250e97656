"""The options that several commands share, above all the accounts'."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Annotated, Any

import typer

from accounts import rules
from accounts.base import Application

AccountId = Annotated[
    str, typer.Argument(parser=rules.identifier, metavar="ACCOUNT", help="The account's id.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Offline = Annotated[bool, typer.Option("--offline", help="Leave the network alone.")]
ApplicationId = Annotated[
    str,
    typer.Argument(parser=rules.identifier, metavar="APPLICATION", help="The application's id."),
]
Name = Annotated[str | None, typer.Option(help="What people call it.")]
Roles = Annotated[
    str | None, typer.Option(help="Its roles, with commas; without it all that flows need.")
]
Scopes = Annotated[
    str | None, typer.Option(help="The scopes of its tokens, with commas; without it failover.")
]
TokenLifetime = Annotated[
    str | None,
    typer.Option(
        metavar="SECONDS", help="How long its tokens live: 3600, 86400, 631139040 or another."
    ),
]
Transcode = Annotated[
    bool | None, typer.Option(help="Whether an Sms that says nothing is made to fit GSM-7.")
]
DefaultSender = Annotated[
    str | None, typer.Option(metavar="SENDER", help="The sender of an Sms that names none.")
]
Destinations = Annotated[
    str | None,
    typer.Option(
        metavar="PREFIXES",
        help="Where it may send, with commas: +30,sip: and so on. Else anywhere.",
    ),
]
DailyCap = Annotated[
    str | None, typer.Option(metavar="AMOUNT", help="The most that it may spend on a UTC day.")
]


class Setting(StrEnum):
    """A setting of an application, as its option is called."""

    NAME = "name"
    ROLES = "roles"
    SCOPES = "scopes"
    TOKEN_LIFETIME = "token-lifetime"  # noqa: S105  seconds
    TRANSCODE = "transcode"
    DEFAULT_SENDER = "default-sender"
    DESTINATIONS = "destinations"
    DAILY_CAP = "daily-cap"


_READ: Mapping[str, Callable[[str], object]] = {
    "name": rules.name,
    "roles": rules.roles,
    "scopes": rules.scopes,
    "token_lifetime": rules.token_lifetime,
    "default_sender": rules.default_sender,
    "destinations": rules.destinations,
    "daily_cap": rules.price,
}


def settings(**given: str | bool | None) -> dict[str, Any]:
    """Those settings of an application that were given, read.

    Raises:
        NotDone: one cannot be read.
    """
    return {
        name: _READ[name](value) if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }


def defaults(cleared: Iterable[Setting]) -> dict[str, Any]:
    """What those settings are when nobody sets them."""
    unset = {field.name: field.default for field in fields(Application)}
    return {name: unset[name] for name in (each.replace("-", "_") for each in cleared)}
