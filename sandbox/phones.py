"""The phones: what was accepted, how far it got, and every request seen, all in memory."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

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
    """All messages and requests since the start, oldest first."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._messages: dict[str, Message] = {}
        self._latest: dict[str, Message] = {}

    def attempt(self, reference: str) -> Attempt:
        """Note a request to send."""
        self._counts[reference] += 1
        attempt = Attempt(reference, self._counts[reference])
        self.attempts.append(attempt)
        return attempt

    def accept(self, send: Send) -> Message:
        """Put a new message on its recipient's phone."""
        message = Message(send)
        self._messages[message.id] = message
        self._latest[send.reference] = message
        return message

    def message(self, message_id: str) -> Message | None:
        """The message with this id."""
        return self._messages.get(message_id)

    def latest(self, reference: str) -> Message | None:
        """The message last accepted under this reference."""
        return self._latest.get(reference)

    def inbox(self, to: str | None = None) -> list[Message]:
        """Every message, or one recipient's."""
        return [message for message in self._messages.values() if to in (None, message.send.to)]
