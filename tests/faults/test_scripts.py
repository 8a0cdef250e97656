"""The sandbox's scripts against the whole service: each flow ends as it should, sent once."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import KEYS, NewNamespace, until
from tests.faults.installation import Installation, installed
from tests.samples import sms, viber, voice

pytestmark = [pytest.mark.server, pytest.mark.timeout(240)]

VIBER_FIRST = {
    "0101": ("Viber SEEN",),
    "0102": ("Viber UNDELIVERED", "Sms Delivered"),
    "0104": ("Viber EXPIRED", "Sms Delivered"),
    "0105": ("Viber FAILED", "Sms Undelivered"),
    "0107": ("Viber DELIVERED", "Sms Sent"),
    "0108": ("Viber SEEN",),
    "0109": ("Viber DELIVERED",),
    "0110": ("Viber DELIVERED",),
    "0111": ("Viber SEEN",),
    "0112": ("Viber DELIVERED",),
    "0113": ("Viber SEEN",),
    "0114": ("Viber DELIVERED",),
    "0115": ("Viber SEEN",),
    "0116": ("Viber EXPIRED", "Sms Delivered"),
    "0117": ("Viber DELIVERED",),
    "0118": ("Viber DELIVERED",),
}
"""How the steps of a flow Viber (0.5 min), then Sms stand in the end, by the last digits."""

VOICE_FIRST = {
    "0101": ("Voice Completed",),
    "0103": ("Voice Busy", "Sms Delivered"),
    "0104": ("Voice NoAnswer", "Sms Delivered"),
    "0107": ("Voice Completed",),
    "0109": ("Voice Completed",),
    "0114": ("Voice Completed",),
}

FAILED = {"0105"}
PIN = "834912"
SECRETS = (
    b"Parcel 7731", b"Your parcel", b"Nadia", PIN.encode(), b"+30690000", b"30690000",
    b"302310000222", b"/reports/", b"/callbacks", b"demo-secret", KEYS.encode()[3:],
)  # fmt: skip
"""What no history may hold: texts, pins, numbers, addresses with tokens, secrets, keys."""

LONGEST = 90.0


def _viber(to: str) -> dict[str, Any]:
    return viber(to, ttl=0.5, templateParams={"customer_name": "Nadia", "pin": PIN})


async def _ended(
    site: Installation, steps: tuple[dict[str, Any], ...], ends: tuple[str, ...], status: str
) -> list[str]:
    """What is wrong with a flow of these steps once it is over."""
    flow = await site.post_flow(*steps)
    found = await site.over(flow, LONGEST)

    async def settled() -> bool:  # a Seen that follows the end shows in tracking only
        return await site.ends(flow) == ends

    with suppress(TimeoutError):
        await until(settled, 5)
    seen = (await site.ends(flow), found, await site.messages(flow))
    wanted = (ends, status, [end.partition(" ")[0] for end in ends])
    faults = site.sink.faults(flow, status)
    return [f"{seen} instead of {wanted}"] * (seen != wanted) + faults


async def _histories(site: Installation) -> list[bytes]:
    """All that the engine keeps of every flow, payloads in clear."""
    ids = [found.id async for found in site.engine.list_workflows()]
    handles = map(site.engine.get_workflow_handle, ids)
    return [
        b"".join([event.SerializeToString() async for event in handle.fetch_history_events()])
        for handle in handles
    ]


async def test_every_script_ends_as_it_should_and_is_sent_once(
    new_namespace: NewNamespace, database_url: str, tmp_path: Path
) -> None:
    """One message for each attempted step, one terminal callback; no history tells a secret."""
    engine = await new_namespace("scripts")
    async with installed(engine, database_url, tmp_path, dedupes=True) as site:
        await site.worker()
        stories = {
            f"{name} {digits}": _ended(
                site,
                (first(f"+30690000{digits}"), sms(f"+30690000{digits}")),
                ends,
                "Failed" if digits in FAILED else "Succeeded",
            )
            for name, first, table in (
                ("Viber", _viber, VIBER_FIRST),
                ("Voice", voice, VOICE_FIRST),
            )
            for digits, ends in table.items()
        }
        faults = await asyncio.gather(*stories.values())
        histories = await _histories(site)

    assert len(histories) == len(stories)
    assert all(b"+3069****01" in history for history in histories)
    assert [secret for secret in SECRETS if secret in b"".join(histories)] == []
    assert {story: found for story, found in zip(stories, faults, strict=True) if found} == {}
