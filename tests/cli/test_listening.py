"""`failover callbacks listen`, as a process that callbacks are sent to."""

import json
import re
import signal
import socket
import time
from collections.abc import Sequence

import httpx
import pytest

from accounts.demonstration import ACME, CALLBACK_KEYS
from egress.signing import headers
from tests.cli.saying import complaint
from tests.conftest import until
from tests.forking import Forks
from tests.processes import HOST, STARTING, Child, Processes

KEY, OLD = ("whsec_" + each * 43 + "=" for each in "AB")
ID = "msg_c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02-3"
FLOW = json.dumps(
    {
        "trackingId": "c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02",
        "status": "Failed",
        "statusCode": "2",
        "messages": [
            {"order": 1, "type": "Viber", "to": "+306900000101", "status": {"name": "EXPIRED"}},
            {"order": 2, "type": "Sms", "to": "+306900000101", "status": {"name": "Undelivered"}},
        ],
    }
).encode()
REPLY = (
    b'{"from": "+306900000101", "to": "AcmeShop", "message": "[red]Thanks", '
    b'"referenceTrackingId": "e0c1a7de"}'
)


async def listening(commands: Processes, *options: str) -> tuple[Child, str]:
    """The command once it listens, and where."""
    child = await commands.start("callbacks", "listen", "--port", "0", *options)
    await until(lambda: child.says("Ctrl-C ends it"), STARTING)
    found = re.search(r"listening at (http://\S+/),", child.output)
    assert found
    return child, found[1]


async def post(url: str, body: bytes, keys: Sequence[str], webhook_id: str = ID) -> int:
    """Call back, as a worker would; returns what was answered."""
    sent = headers(webhook_id, body, keys, int(time.time())) | {"x-failover-sequence": "3"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return (await client.post(url, content=body, headers=sent)).status_code


async def interrupted(child: Child) -> str:
    """End it by Ctrl-C; returns all that it printed."""
    child.process.send_signal(signal.SIGINT)
    ended = await child.ended()
    assert ended.code == 0, ended.output
    return ended.output


async def test_what_arrives_is_shown(commands: Processes) -> None:
    """Without a key it knows the demonstration's: that is what a developer begins with."""
    child, url = await listening(commands)
    public = [CALLBACK_KEYS[ACME.id]]
    assert await post(f"{url}hooks/7?flow=1", FLOW, public) == 200
    assert await post(url, FLOW, public) == 200
    assert await post(url, FLOW + b" ", [KEY]) == 200
    assert await post(url, REPLY, public, "reply_1") == 200
    lines = (await interrupted(child)).splitlines()
    told = [
        "flow c2a8b0f4-7a55-4b0a-9d51-5a3b6f5c1e02 to +3069****0101: Failed, statusCode 2",
        "1 Viber EXPIRED → 2 Sms Undelivered",
    ]
    right = f"✓ signed by the key of {ACME.id}"
    assert [re.sub(r"^\d\d:\d\d:\d\d  ", "", line.strip()) for line in lines[1:]] == [
        f"{ID}  sequence 3", right, *told,
        f"{ID}  sequence 3  again, the same bytes", right, *told,
        f"{ID}  sequence 3  again, OTHER bytes",
        "✗ the signature is not by any of 4 keys, or something signed was changed", *told,
        "reply_1  sequence 3", right, "reply to message e0c1a7de",
        "+3069****0101 says to AcmeShop: [red]Thanks",
        "4 received, 2 of them repeated, 1 not rightly signed",
    ]  # fmt: skip


async def test_the_keys_that_are_given_are_the_only_ones(commands: Processes) -> None:
    """Each by its place; for programs, one callback a line and nothing else."""
    child, url = await listening(commands, "--json", "--key", KEY, "--key", OLD)
    for keys in ([KEY, OLD], [OLD], [CALLBACK_KEYS[ACME.id]]):
        assert await post(url, FLOW, keys) == 200
    output = await interrupted(child)
    assert not any(each.removeprefix("whsec_") in output for each in (KEY, OLD))
    arrivals = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert [each["signedBy"] for each in arrivals] == ["key 1", "key 2", None]
    assert [each["sameBytes"] for each in arrivals] == [None, True, True]
    assert arrivals[0]["flow"]["messages"][1]["status"] == {"name": "Undelivered"}
    assert (arrivals[0]["webhookId"], arrivals[0]["sequence"]) == (ID, "3")


async def test_the_answer_can_be_a_bad_one(commands: Processes) -> None:
    """To see how a callback is repeated, or given up."""
    child, url = await listening(commands, "--answer", "410")
    assert await post(url, FLOW, []) == 410
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url)).status_code == 405
    assert "1 received" in await interrupted(child)


async def test_a_late_answer_does_not_hold_up_the_end(commands: Processes) -> None:
    """It comes when it is time, or when the receiver ends."""
    child, url = await listening(commands, "--delay", "1h")
    with pytest.raises(httpx.ReadTimeout):
        async with httpx.AsyncClient(
            trust_env=False, timeout=httpx.Timeout(30, read=0.3)
        ) as client:
            await client.post(url, content=FLOW)
    await until(lambda: child.says("there is no webhook-id"))
    assert "1 received" in await interrupted(child)


async def test_a_port_in_use_is_said_in_a_sentence(forks: Forks) -> None:
    """With what to do about it."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        said = await forks.run(("callbacks", "listen", "--port", str(port)), {})
    assert complaint(said) == f"port {port} is in use; choose another with --port"


async def test_another_host_is_refused_in_a_sentence(forks: Forks) -> None:
    """One of TEST-NET is nobody's."""
    said = await forks.run(("callbacks", "listen", "--host", "192.0.2.1", "--port", "0"), {})
    assert complaint(said).startswith("cannot listen on 192.0.2.1, port 0: ")


@pytest.mark.parametrize("key", ["demo-secret", "whsec_", "whsec_!"])
async def test_what_is_no_key_is_refused(forks: Forks, key: str) -> None:
    """And not shown: it may be a secret that was pasted into the wrong place."""
    said = await forks.run(("callbacks", "listen", "--key", key), {})
    sentence = complaint(said)
    assert sentence == "--key: a callback key is whsec_ and base64, as it was shown once"


async def test_what_cannot_be_an_answer_is_explained(forks: Forks) -> None:
    """Nor is anything else an age."""
    for option in (("--answer", "99"), ("--delay", "soon"), ("--port", "65536")):
        said = await forks.run(("callbacks", "listen", *option), {})
        assert said.code == 2
        assert "Usage" in said.errors
