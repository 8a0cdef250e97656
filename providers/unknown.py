"""Words of a provider that stand in no table of ours: not final, counted, and named once."""

import structlog

from metrics import catalogue as metrics

MOST = 100
"""So many words of a provider are named; who makes up more is only counted."""

_log = structlog.get_logger()
_named: dict[str, set[str]] = {}


def unknown(provider: str, word: str) -> None:
    """Note the word."""
    metrics.unknown(provider)
    named = _named.setdefault(provider, set())
    if word not in named and len(named) < MOST:
        named.add(word)
        _log.warning("unknown status", provider=provider, status=word[:32])
