"""What the provider was asked, and what it was made to say: I2, I6."""

from collections.abc import Iterator, Sequence

from tests.proof.evidence import Records
from tests.proof.forging import FOREIGN
from tests.proof.invariants.finding import Finding
from tests.proof.provider import Request

THROTTLED = 429
"""The one answer that says that nothing was taken."""


def nothing_is_sent_twice(records: Records) -> Finding:
    """A step is one message; a provider that forgets is not asked again unless nothing was sent."""
    return Finding.of(len(records.requests), _twice(records))


def _twice(records: Records) -> Iterator[str]:
    for reference, requests in records.requests.items():
        flow, _, order = reference.rpartition(".")
        entry = records.accepted.get(flow)
        if entry is None or not 1 <= int(order) <= len(entry.plan.channels):
            yield f"{reference}: nobody wanted that"
        yield from (f"{reference}: {wrong}" for wrong in _asked(requests, records.dedupes))
    for entry in records.entries:
        if entry.differs:
            yield f"{entry.flow}: asked again with the same key, another {entry.differs}"


def _asked(requests: Sequence[Request], dedupes: bool) -> Iterator[str]:
    messages = sum(each.taken for each in requests)
    if messages > 1:
        yield f"{messages} messages"
    asked = sum(each.status != THROTTLED for each in requests)
    if not dedupes and asked > 1:
        yield f"a provider that forgets was asked {asked} times"


def forgeries_change_nothing(records: Records) -> Finding:
    """Forged, expired and foreign reports are turned away, and no flow hears of one."""
    told = sum(len(story.told) for story in records.stories.values())
    return Finding.of(len(records.forgeries) + told, _forged(records))


def _forged(records: Records) -> Iterator[str]:
    for each in records.forgeries:
        allowed = (200, 404, 503) if each.kind == FOREIGN else (404, 503)
        if each.status is not None and each.status not in allowed:
            yield f"a report {each.kind} on {each.flow} was answered {each.status}"
    for flow, story in records.stories.items():
        for heard in story.told:
            said = {_word(each.status) for each in records.reports.get(f"{flow}.{heard.order}", ())}
            if _word(heard.status) not in said:
                yield f"{flow} heard {heard.status} of step {heard.order}, which nobody reported"


def _word(status: str) -> str:
    return status.lower().replace("-", "")
