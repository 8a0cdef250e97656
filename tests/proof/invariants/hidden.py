"""What nobody may see: I8."""

import re
from collections.abc import Iterator, Mapping

from tests.proof.evidence import Records
from tests.proof.invariants.finding import Finding
from tests.proof.plan import FlowPlan

KINDS: Mapping[str, re.Pattern[bytes]] = {
    "a full number": re.compile(rb"3069\d{8}"),
    "a text or a pin": re.compile(rb"735190\d{6}"),
    "a callback's path": re.compile(rb"/(gone|flows)/\d+/\d+"),
}
"""As tests/proof/plan.py makes them; `covers` says that it does."""


def covers(plan: FlowPlan) -> bool:
    """Whether all of a flow's secrets are of these kinds."""
    secrets = (plan.number[1:], plan.secret, plan.path)
    return all(
        kind.fullmatch(secret.encode())
        for kind, secret in zip(KINDS.values(), secrets, strict=True)
    )


def secrets_stay_hidden(records: Records) -> Finding:
    """No history, log, metric, error or list holds a text, pin, number, token or key."""
    texts = {
        **records.texts,
        **{f"history of {flow}": story.raw for flow, story in records.stories.items()},
        **{
            f"error of {entry.key}": "\n".join(each.body for each in entry.tries).encode()
            for entry in records.entries
            if any(each.body for each in entry.tries)
        },
    }
    return Finding.of(
        len(texts), (f"{name}: {what}" for name in texts for what in _seen(records, texts[name]))
    )


def _seen(records: Records, text: bytes) -> Iterator[str]:
    for what, kind in KINDS.items():
        if kind.search(text):
            yield f"holds {what}"
    for what, secret in records.secrets.items():
        if secret in text:
            yield f"holds the {what}"
