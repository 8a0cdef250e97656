"""The demonstration's receiver: it keeps what it is sent, and checks who signed it."""

import json
import time
from collections.abc import Sequence

import httpx

from cli.sink import Sink, listening
from egress.signing import headers

KEY, FOREIGN = ("whsec_" + each * 43 + "=" for each in "AB")
FLOW = "f7e55f55-a0c1-4e6c-9d5e-3a3f0a3f7c11"
BODY = json.dumps({"trackingId": FLOW, "status": "Succeeded"}).encode()


async def told(sink: Sink, keys: Sequence[str]) -> None:
    """Call back, signed by these keys."""
    sent = headers("msg_1", BODY, keys, int(time.time())) | {"x-failover-sequence": "7"}
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(sink.url, content=BODY, headers=sent)).raise_for_status()


async def test_a_callback_is_kept_whoever_signed_it() -> None:
    """What is wrong with it is noted beside; where it listens is a free port."""
    async with listening(keys=[KEY]) as sink:
        for keys in ([KEY], [FOREIGN, KEY], [FOREIGN], []):
            await told(sink, keys)
    assert [each["sequence"] for each in sink.received[FLOW]] == [7] * 4
    assert len(sink.wrongly_signed) == 2
    assert "not by the key" in sink.wrongly_signed[0]
    assert sink.wrongly_signed[1] == "there is no webhook-signature"


async def test_without_keys_nothing_is_checked() -> None:
    """Tests that are about something else need none."""
    async with listening() as sink:
        await told(sink, [])
    assert sink.wrongly_signed == []
    assert FLOW in sink.received
