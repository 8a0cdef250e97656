"""What the receivers noted: it lies outside of the service, and outlives every kill."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.receiver import LEFT


@dataclass(frozen=True)
class Receipt:
    """One arrival of a callback; `at` in epoch seconds, `digest` the SHA-256 of its bytes.

    `status` is what was answered, LEFT if nothing was. It was noted before it was sent: a kill
    between the two, or a client that gave up meanwhile, never saw it. `signed` is the official
    library's word at the arrival.
    """

    part: int
    at: float
    phase: str
    path: str
    event: str
    seq: int
    timestamp: str
    signature: str
    signed: bool
    digest: str
    status: int

    @property
    def taken(self) -> bool:
        """Whether the receiver said that it has it."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        stamp = f"{self.at % 10000:.2f}"
        return f"{stamp} part {self.part} seq {self.seq} {self.phase}: {self.status or 'left'}"


def gathered(files: Iterable[Path]) -> Mapping[str, Sequence[Receipt]]:
    """What these files say, by path: that is one flow's, and its receipts are in order of arrival.

    The bodies stand there, too, each once, for who looks for a difference.
    """
    receipts: dict[str, list[Receipt]] = defaultdict(list)
    for file in files:
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        answers = {line["answer"]: line["status"] for line in lines if "answer" in line}
        for line in lines:
            if "receipt" in line:
                receipt = _receipt(line, answers)
                receipts[receipt.path].append(receipt)
    return receipts


def _receipt(line: dict[str, Any], answers: Mapping[str, int]) -> Receipt:
    name = line.pop("receipt")
    return Receipt(**line, status=answers.get(name, LEFT))
