"""A callback as ops may see it: where its flow stands, but nobody's words, names or numbers."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from cli.masking import MASK, masked

SHOWN = frozenset(
    {
        "trackingId", "flowKind", "status", "statusCode", "terminationChannel", "totalPrice",
        "originatingService", "applicationId", "createdAt", "updatedAt", "type", "order", "country",
        "price", "name", "updatedDate", "detailedStatus", "ttl", "referenceTrackingId", "direction",
        "sentDate",
    }
)  # fmt: skip
"""Members that the service wrote itself, or that say nothing of what was sent."""

ENTERED = frozenset({"messages", "status", "reason"})
"""Members that are looked into: inside of others, such as parameters, names are the client's."""

_WORD = re.compile(r"\w{3,}")


def body_shown(body: str) -> Any:
    """The JSON of a callback, all else masked."""
    return _hidden(orjson.loads(body))


def answer_shown(answer: str, body: str) -> str:
    """What the receiver answered; masked if it repeats a word of what is masked in the body."""
    sent = orjson.loads(body)
    if words(answer) & (words(*_texts(sent)) - words(*_texts(_hidden(sent)))):
        return MASK
    return str(masked(None, "", {"answer": answer})["answer"])


def words(*texts: str) -> set[str]:
    """Those long enough to mean something, in one case."""
    return {word.casefold() for text in texts for word in _WORD.findall(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield str(value)


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _member(name, each) for name, each in value.items()}
    return [_hidden(each) for each in value] if isinstance(value, list) else value


def _member(name: str, value: Any) -> Any:
    if name in ENTERED and isinstance(value, dict | list):
        return _hidden(value)
    if value is None or (name in SHOWN and not isinstance(value, dict | list)):
        return value
    return MASK
