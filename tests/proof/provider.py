"""What the provider noted (sandbox/record.py): requests, messages, reports."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.proof import notes


@dataclass(frozen=True)
class Request:
    """A request to send, and its answer, at epoch seconds; `status` is None without.

    `taken`: a message came of it.
    """

    at: float
    reference: str
    attempt: int
    status: int | None = None
    answered: float = 0.0
    taken: bool = False


@dataclass(frozen=True)
class Reported:
    """A report, at epoch seconds; `settled`: it was taken, at `answered`, and is not repeated."""

    at: float
    reference: str
    status: str
    settled: bool = False
    answered: float = 0.0


@dataclass(frozen=True)
class Provided:
    """All of it, by reference."""

    requests: Mapping[str, Sequence[Request]]
    reports: Mapping[str, Sequence[Reported]]


def provided(record: Path) -> Provided:
    """Read the record."""
    requests: dict[str, dict[int, Request]] = defaultdict(dict)
    reports: dict[str, list[Reported]] = defaultdict(list)
    for line in notes.read(record):
        reference = line.get("request") or line["reference"]
        asked = requests[reference]
        if "request" in line:
            attempt = line["attempt"]
            asked[attempt] = Request(line["at"], reference, attempt)
        elif "report" in line:
            reports[reference].append(Reported(line["at"], reference, line["report"]))
        elif "reported" in line:
            last = reports[reference][-1]
            reports[reference][-1] = replace(last, settled=line["settled"], answered=line["at"])
        elif "answer" in line:
            known = asked[line["attempt"]]
            asked[known.attempt] = replace(known, status=line["answer"], answered=line["at"])
        elif "channel" in line:
            asked[max(asked)] = replace(asked[max(asked)], taken=True)
    return Provided({name: list(each.values()) for name, each in requests.items()}, reports)
