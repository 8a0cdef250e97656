"""The forms of single settings: what each may hold, and how it is said when it does not."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated

from limits import parse_many
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from egress.reach import allowed_ports, opened_networks
from providers.receipts import Receipts
from providers.routes import Routes


def _rate(value: str) -> str:
    try:
        (rate,) = parse_many(value)
    except ValueError:
        rate = None
    if rate is None or rate.amount < 1:
        raise PydanticCustomError("rate", "Input should be like 100/second or 10/minute")
    return value


def _networks(value: str) -> str:
    try:
        known = [ip_network(each.strip()) for each in value.split(",")]
    except ValueError:
        raise PydanticCustomError(
            "networks", "Input should be addresses or networks, such as 10.1.2.3,172.16.0.0/12"
        ) from None
    return ",".join(str(each) for each in known)


def _read_by(reader: Callable[[str], object]) -> AfterValidator:
    """Refuses a text that the reader does, with the reader's sentence."""

    def check(value: str) -> str:
        try:
            reader(value)
        except ValueError as found:
            raise PydanticCustomError("unreadable", "{why}", {"why": str(found)}) from None
        return value

    return AfterValidator(check)


Rate = Annotated[str, AfterValidator(_rate)]
Route = Annotated[str, _read_by(Routes.read)]
SilentTable = Annotated[str, _read_by(Receipts.read)]
Networks = Annotated[str, AfterValidator(_networks)]
Opened = Annotated[str, _read_by(opened_networks)]
Ports = Annotated[str, _read_by(allowed_ports)]
