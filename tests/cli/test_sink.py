"""The demonstration's receiver tells whether what it got is from us."""

import time

import httpx
import orjson
import pytest

from accounts.credentials import new_callback_key
from cli.sink import listening
from egress.signing import headers

BODY = orjson.dumps({"trackingId": "c2a8b0f4", "status": "Succeeded"})
KEY, OTHER = new_callback_key(), new_callback_key()


@pytest.mark.parametrize(("key", "faults"), [(KEY, 0), (OTHER, 1)])
async def test_a_callback_of_somebody_else_is_a_fault_of_the_flow(key: str, faults: int) -> None:
    """The demonstration fails if a signature does."""
    async with listening(keys=[KEY]) as sink, httpx.AsyncClient(trust_env=False) as client:
        signed = headers("msg_c2a8b0f4-3", BODY, [key], int(time.time()))
        signed["x-failover-sequence"] = "3"
        answer = await client.post(sink.url, content=BODY, headers=signed)
        assert answer.status_code == 200
    assert len(sink.faults("c2a8b0f4", "Succeeded")) == faults
