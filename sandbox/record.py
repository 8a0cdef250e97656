"""What the service remembers beyond its own end: a file of JSON lines, only ever added to.

A provider's memory of what it took outlives its restarts. References, statuses and times stand
there (`at` in seconds since the epoch), never a text, a number or an address:

    {"at", "request": reference, "attempt": n}              a request to send came
    {"at", "message": id, "reference", "channel"}           it was taken: the recipient has it
    {"at", "answer": status, "reference", "attempt"}        so it was answered
    {"at", "status": word, "message", "reference"}          so far the message got
    {"at", "report": word, "reference"}                     that is reported
    {"at", "reported": word, "reference", "settled": bool}  and was taken, or is repeated
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Remembered:
    """A message that an earlier process took; `status` is the last word its script reached."""

    id: str
    reference: str
    status: str = "queued"
    reason: str | None = None

    def shown(self) -> dict[str, Any]:
        """Where it stands: {messageId, reference, status, reason}."""
        return {
            "messageId": self.id,
            "reference": self.reference,
            "status": self.status,
            "reason": self.reason,
        }


@dataclass
class Record:
    """Notes each line before it is acted upon, so that it outlives a kill at any moment.

    Without a file nothing is remembered. `requests` counts them by reference, `messages` are by id:
    what earlier processes noted.
    """

    file: Path | None = None
    requests: Counter[str] = field(default_factory=Counter)
    messages: dict[str, Remembered] = field(default_factory=dict)
    _notes: int | None = None

    def __post_init__(self) -> None:
        if self.file is None:
            return
        for line in _lines(self.file):
            self._recall(line)
        self._notes = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(self._notes, b"\n")  # an end for a line that a full disk may have cut

    def note(self, **line: object) -> None:
        """Add a line."""
        if self._notes is not None:
            os.write(self._notes, json.dumps({"at": time.time(), **line}).encode() + b"\n")

    def _recall(self, line: dict[str, Any]) -> None:
        if "request" in line:
            self.requests[line["request"]] += 1
        elif "status" in line:
            message = self.messages[line["message"]]
            message.status, message.reason = line["status"], line["reason"]
        elif "message" in line:
            self.messages[line["message"]] = Remembered(line["message"], line["reference"])


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        for line in file.read_bytes().splitlines():
            with suppress(ValueError):
                yield json.loads(line)
