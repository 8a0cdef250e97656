"""The page for people: one phone per recipient, with what arrived on it."""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.phones import Message
from sandbox.scripts import ROWS, row_for

_SHOWN = 200  # messages, the newest; a load test's hundred thousand would stall the browser
_SPOKEN = ("body", "text", "fileUrl", "fileURL")
_GOOD = frozenset({"delivered", "seen", "completed"})
_BAD = frozenset({"undelivered", "failed", "busy", "no-answer"})

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)


class Bubble(NamedTuple):
    """A message as drawn; `tone` is good, bad or open, `time` is UTC, HH:MM:SS.

    `answerable` is the id of one whose sender wants to hear replies, else "".
    """

    channel: str
    sender: str
    lines: list[str]
    captions: list[str]
    status: str
    reason: str | None
    tone: str
    time: str
    replies: list[str]
    answerable: str


class Phone(NamedTuple):
    """A recipient, what its script does, and its messages, oldest first."""

    number: str
    what: str
    bubbles: list[Bubble]


def render(messages: list[Message]) -> HTMLResponse:
    """The page. Its policy lets no script run, and nothing load, but what it brings itself."""
    nonce = secrets.token_urlsafe(16)
    html = _templates.get_template("page.html").render(
        nonce=nonce,
        phones=phones_of(messages[-_SHOWN:]),
        count=len(messages),
        hidden=max(0, len(messages) - _SHOWN),
        channels=Counter(message.send.channel for message in messages),
        rows=ROWS,
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


def phones_of(messages: Iterable[Message]) -> list[Phone]:
    """One phone per recipient, that of the newest message first."""
    phones: dict[str, Phone] = {}
    for message in messages:
        to = message.send.to
        # Taken out and put back, so that the newest stands last.
        phone = phones.pop(to, None) or Phone(to, row_for(to).what, [])
        phone.bubbles.append(_bubble(message))
        phones[to] = phone
    return list(reversed(phones.values()))


def _bubble(message: Message) -> Bubble:
    content = message.send.content
    return Bubble(
        channel=message.send.channel,
        sender=message.send.sender,
        lines=list(_template(content) or _words(content, _SPOKEN)) or list(_leaves(content)),
        captions=list(_words(content, ("caption",))),
        status=message.status,
        reason=message.reason,
        tone=_tone(message.status),
        time=f"{message.received_at:%H:%M:%S}",
        replies=message.replies,
        answerable=message.id if message.send.inbound_url else "",
    )


def _template(content: dict[str, Any]) -> list[str]:
    """A template, which has no text here: its name, cut, and what fills it."""
    if "templateId" not in content:
        return []
    name = f"template {str(content['templateId'])[:8]}…"
    return [name, *_leaves(content.get("templateParams", {}))]


def _words(content: Any, names: tuple[str, ...]) -> Iterator[str]:
    """The texts under these names, wherever they stand: every channel nests its own way."""
    if isinstance(content, list):
        for item in content:
            yield from _words(item, names)
    if isinstance(content, dict):
        for name, value in content.items():
            if isinstance(value, str) and value and name in names:
                yield value
            yield from _words(value, names)


def _leaves(content: Any, name: str = "") -> Iterator[str]:
    """What has no text of its own, member by member."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _leaves(value, key)
    elif isinstance(content, list):
        for value in content:
            yield from _leaves(value, name)
    else:
        yield f"{name}: {content}"


def _tone(status: str) -> str:
    if status in _GOOD:
        return "good"
    return "bad" if status in _BAD else "open"
