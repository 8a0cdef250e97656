"""The process: it leaves when it is told to."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE

import httpx
import pytest

from sandbox.server import serve
from tests.sandbox.bench import Receiver, Service, free_port, healthy

PROGRAM = """
import asyncio, sys
from sandbox.server import serve
asyncio.run(serve(host="127.0.0.1", port=int(sys.argv[1]), report_origin=sys.argv[2], dedupes=True))
print("returned")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_within_two_seconds(
    receiver: Receiver, sign: signal.Signals
) -> None:
    """With a script pending, a request hanging, and another waiting for its report's answer;
    without a complaint about any of them.
    """
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(port), receiver.origin), stdout=PIPE, stderr=PIPE
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        await healthy(client)
        service = Service(client, receiver)
        held = service.message("+306900000109")
        gate = receiver.closed_gates[f"/{held['reference']}"] = asyncio.Event()
        assert (await service.send(service.message("+306900000107"))).status_code == 202
        hanging = [
            asyncio.create_task(service.send(message))
            for message in (service.message("+306900000112"), held)
        ]
        await service.reports(held, 1)
        await service.accepted(3)
        process.send_signal(sign)
        async with asyncio.timeout(2):
            output, complaints = await process.communicate()
        await asyncio.gather(*hanging, return_exceptions=True)
        gate.set()
    assert (process.returncode, output.strip(), complaints) == (0, b"returned", b"")


async def test_a_taken_port_is_an_error_of_the_caller(receiver: Receiver) -> None:
    """uvicorn by itself would end the process."""
    port = int(receiver.origin.rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)):
        await serve(host="127.0.0.1", port=port, report_origin=receiver.origin, dedupes=True)
