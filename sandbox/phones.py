"""The phones: what was accepted, how far it got, and every request seen.

All in memory, and for those who come later on record, where one is kept.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox.record import Record, Remembered
from sandbox.wire import Send, iso, now


@dataclass(slots=True)
class Message:
    """An accepted message; `status` is the last word its script reached."""

    send: Send
    id: str = field(default_factory=lambda: str(uuid4()))
    received_at: datetime = field(default_factory=now)
    status: str = "queued"
    reason: str | None = None
    replies: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """Where it stands: {messageId, reference, status, reason}."""
        return {
            "messageId": self.id,
            "reference": self.send.reference,
            "status": self.status,
            "reason": self.reason,
        }

    def listed(self) -> dict[str, Any]:
        """As the inbox lists it.

        {messageId, reference, channel, to, from, content, receivedAt, status}
        """
        return {
            "messageId": self.id,
            "reference": self.send.reference,
            "channel": self.send.channel,
            "to": self.send.to,
            "from": self.send.sender,
            "content": self.send.content,
            "receivedAt": iso(self.received_at),
            "status": self.status,
        }


@dataclass(slots=True)
class Attempt:
    """One request to send; `number` counts from 1 within its reference.

    `answered` is the HTTP status it got, None while open and for ever where none was given.
    """

    reference: str
    number: int
    at: datetime = field(default_factory=now)
    answered: int | None = None

    def shown(self) -> dict[str, Any]:
        """{reference, attempt, at, answered}."""
        return {
            "reference": self.reference,
            "attempt": self.number,
            "at": iso(self.at),
            "answered": self.answered,
        }


class Phones:
    """All messages and requests since the start, oldest first; of earlier ones the record."""

    def __init__(self, record: Record | None = None) -> None:
        self.attempts: list[Attempt] = []
        self._record = record or Record()
        self._counts = defaultdict(int, self._record.requests)
        self._messages: dict[str, Message] = {}
        self._latest: dict[str, Message | Remembered] = {
            known.reference: known for known in self._record.messages.values()
        }

    def attempt(self, reference: str) -> Attempt:
        """Note a request to send."""
        self._counts[reference] += 1
        attempt = Attempt(reference, self._counts[reference])
        self.attempts.append(attempt)
        self._record.note(request=reference, attempt=attempt.number)
        return attempt

    def answered(self, attempt: Attempt, status: int) -> None:
        """Note how the request is answered."""
        attempt.answered = status
        self._record.note(answer=status, reference=attempt.reference, attempt=attempt.number)

    def accept(self, send: Send) -> Message:
        """Put a new message on its recipient's phone."""
        message = Message(send)
        self._record.note(message=message.id, reference=send.reference, channel=send.channel)
        return self._keep(message)

    def recall(self, known: Remembered, send: Send) -> Message:
        """Have a message of an earlier process at hand again: its recipient has it already."""
        return self._keep(Message(send, id=known.id))

    def move(self, message: Message, status: str, reason: str | None) -> None:
        """The message got so far."""
        message.status, message.reason = status, reason
        reference = message.send.reference
        self._record.note(status=status, reason=reason, message=message.id, reference=reference)

    def reporting(self, message: Message, status: str) -> None:
        """Note a report before it is sent: whoever gets it can say that there was one."""
        self._record.note(report=status, reference=message.send.reference)

    def reported(self, message: Message, status: str, settled: bool) -> None:
        """Note whether that settled it."""
        self._record.note(reported=status, reference=message.send.reference, settled=settled)

    def message(self, message_id: str) -> Message | None:
        """The message with this id."""
        return self._messages.get(message_id)

    def standing(self, message_id: str) -> Message | Remembered | None:
        """The same, be it an earlier process's."""
        return self._messages.get(message_id) or self._record.messages.get(message_id)

    def latest(self, reference: str) -> Message | Remembered | None:
        """The message last accepted under this reference."""
        return self._latest.get(reference)

    def inbox(self, to: str | None = None) -> list[Message]:
        """Every message, or one recipient's."""
        return [message for message in self._messages.values() if to in (None, message.send.to)]

    def _keep(self, message: Message) -> Message:
        self._messages[message.id] = message
        self._latest[message.send.reference] = message
        return message
