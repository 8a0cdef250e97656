"""What operators may write: ids, names, amounts and settings, read into what is stored.

Each function raises NotDone for anything else.
"""

import re
from decimal import Decimal
from uuid import UUID

from phonenumbers import SUPPORTED_REGIONS
from pydantic import TypeAdapter, ValidationError

from domain.fields import Sender, TemplateLanguage
from domain.status import Channel

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""An account or application. The account is part of the flow's id, where a slash would divide."""

LONGEST_LIFETIME = 631139040
"""Seconds of 20 years: what Routee's portal calls unlimited."""

_SENDER: TypeAdapter[str] = TypeAdapter(Sender)
_LANGUAGE: TypeAdapter[str] = TypeAdapter(TemplateLanguage)


class NotDone(Exception):
    """Nothing was changed; the message is a sentence that says why, and what to do."""


def identifier(text: str) -> str:
    """An account's or application's own id."""
    if not IDENTIFIER.fullmatch(text):
        raise NotDone(
            f"{text!r} is no id: take 1 to 64 letters, digits, dots, hyphens and underscores, "
            "a letter or digit first"
        )
    return text


def uuid(text: str) -> str:
    """A sender's or template's id, as it is compared: in lower case, with hyphens."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        raise NotDone(
            f"{text!r} is no UUID: it has 32 hexadecimal digits, such as "
            "7b0e3c52-9f4e-4a70-8a39-0f8f3a1c9d11"
        ) from None


def name(text: str) -> str:
    """What people call an application or a sender: one line of 1 to 100 characters."""
    bare = text.strip()
    if not (bare and bare.isprintable() and len(bare) <= 100):
        raise NotDone("a name is one line of 1 to 100 characters")
    return bare


def amount(text: str) -> Decimal:
    """Money, at most 6 decimals; a negative amount is taken back."""
    if not re.fullmatch(r"[+-]?[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise NotDone(
            f"{text!r} is no amount: write it like 12.50, with at most 9 digits before the point "
            "and 6 after it"
        )
    return Decimal(text)


def price(text: str) -> Decimal:
    """Money that is not negative."""
    read = amount(text)
    if read < 0:
        raise NotDone(f"{text} is less than nothing: the least is 0")
    return read


def channel(text: str) -> Channel:
    """A channel in any case."""
    try:
        return Channel(text.capitalize())
    except ValueError:
        raise NotDone(f"{text!r} is no channel: take {', '.join(Channel)}") from None


def country(text: str) -> str:
    """The ISO 3166-1 code of a country that has telephone numbers, in any case."""
    code = text.upper()
    if code not in SUPPORTED_REGIONS:
        raise NotDone(f"{text!r} is no country: take its two letters, such as GR or DE")
    return code


def destinations(text: str) -> tuple[str, ...]:
    """Beginnings of numbers (+30) and SIP addresses (sip:), separated by commas."""
    return tuple(_each(text, r"\+[1-9][0-9]{0,14}|sip:[^\s,]*", "destination", "+30 or sip:"))


def roles(text: str) -> tuple[str, ...]:
    """Roles, separated by commas."""
    return tuple(_each(text, r"MT_ROLE_[A-Z0-9_]{1,32}", "role", "MT_ROLE_SMS"))


def scopes(text: str) -> tuple[str, ...]:
    """Scopes of access tokens, separated by commas."""
    return tuple(_each(text, r"[A-Za-z0-9._:-]{1,64}", "scope", "failover"))


def languages(text: str) -> tuple[str, ...]:
    """A template's languages, separated by commas."""
    try:
        return tuple(_LANGUAGE.validate_python(each) for each in _split(text))
    except ValidationError:
        raise NotDone(f"{text!r} are no languages: take codes such as en,el") from None


def default_sender(text: str) -> str:
    """What an Sms may have as its sender."""
    try:
        return _SENDER.validate_python(text)
    except ValidationError:
        raise NotDone(
            f"{text!r} is no sender of an Sms: take up to 16 digits, or up to 11 letters, digits "
            "and spaces"
        ) from None


def token_lifetime(text: str) -> int:
    """Seconds, from 1 to those of 20 years."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= LONGEST_LIFETIME:
        raise NotDone(
            f"{text!r} is no lifetime of a token: take seconds, such as 3600, at most "
            f"{LONGEST_LIFETIME}"
        )
    return int(text)


def _each(text: str, form: str, what: str, example: str) -> list[str]:
    found = _split(text)
    wrong = [each for each in found if not re.fullmatch(form, each)]
    if wrong or not found:
        given = wrong[0] if wrong else text
        raise NotDone(f"{given!r} is no {what}: take something like {example}, with commas between")
    return found


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(re.split(r"[\s,]+", text.strip(" ,")))) if text.strip(" ,") else []
