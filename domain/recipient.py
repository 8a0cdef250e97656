"""Telephone numbers and SIP addresses: read leniently, shown masked."""

import re
from functools import lru_cache

import phonenumbers

KNOWN = 1024
"""Of so many numbers it is remembered what they are: a request asks that of each many times."""

_SIP = re.compile(r"[^\s@:]+@[^\s@]+")


@lru_cache(maxsize=KNOWN)
def e164(number: str) -> str:
    """The number as +3069…; a leading + and spaces are optional on the wire (contract.md §2.2).

    Raises:
        ValueError: no number that its country's plan could hold.
    """
    digits = re.sub(r"[\s().-]", "", number)
    if not re.fullmatch(r"\+?[0-9]{5,15}", digits):
        raise ValueError("Invalid mobile number")
    try:
        parsed = phonenumbers.parse("+" + digits.removeprefix("+"))
    except phonenumbers.NumberParseException:
        raise ValueError("Invalid mobile number") from None
    # Possible, not valid: which numbers are valid changes with every release of the metadata.
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError("Invalid mobile number")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def sip_address(address: str) -> str:
    """The address as user@host[:port].

    Raises:
        ValueError: it has another form.
    """
    bare = address.strip().removeprefix("sip:")
    # No database holds a NUL, and only ASCII is as long in small letters.
    if not (_SIP.fullmatch(bare) and bare.isascii() and bare.isprintable()):
        raise ValueError("Invalid SIP address; expected user@host or user@host:port")
    return bare


def masked(recipient: str) -> str:
    """Enough to recognise, too little to call: +3069****0101, ****@host."""
    if "@" in recipient:
        return "****@" + recipient.rpartition("@")[2]
    digits = len(recipient.removeprefix("+"))
    shown = 4 if digits >= 11 else 2 if digits >= 7 else 1
    return recipient[: shown + 1] + "****" + recipient[-shown:]


@lru_cache(maxsize=KNOWN)
def country(recipient: str) -> str | None:
    """ISO 3166-1 alpha-2 code of an E.164 number's country, where one can be told."""
    if not recipient.startswith("+"):
        return None
    code = phonenumbers.region_code_for_number(phonenumbers.parse(recipient))
    return None if code == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else code
