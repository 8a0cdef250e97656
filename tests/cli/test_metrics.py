"""API and worker serve metrics on ports of their own, or say why they cannot."""

import socket

import pytest

from tests.conftest import until
from tests.processes import HOST, Processes, client_of, free_port


@pytest.mark.parametrize("verb", ["worker", "api"])
@pytest.mark.parametrize("setting", ["FAILOVER_METRICS_PORT", "FAILOVER_TEMPORAL_METRICS_PORT"])
async def test_a_port_in_use_is_said_in_a_sentence(
    installed: Processes, verb: str, setting: str
) -> None:
    """Whoever set it reads which setting to change, and the process ends."""
    installed.environment["FAILOVER_API_PORT"] = str(free_port())
    with socket.create_server((HOST, 0)) as taken:
        ended = await installed.run(verb, **{setting: str(taken.getsockname()[1])})
    assert ended.code == 1
    assert ended.output.startswith("failover: ")
    assert ended.output.strip().endswith(f"set another {setting}")
    assert "Traceback" not in ended.output


async def test_the_api_serves_both(installed: Processes) -> None:
    """Each on its own port, also when no engine answers; the API's own port has none."""
    ports = {
        name: free_port()
        for name in (
            "FAILOVER_API_PORT",
            "FAILOVER_METRICS_PORT",
            "FAILOVER_TEMPORAL_METRICS_PORT",
        )
    }
    await installed.start("api", **{name: str(port) for name, port in ports.items()})
    own, metrics, sdk = (client_of(port) for port in ports.values())
    async with own, metrics, sdk:

        async def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex((HOST, ports["FAILOVER_API_PORT"])) == 0

        await until(listens, within=60)
        assert (await own.get("/health/live")).status_code == 200
        assert (await own.get("/metrics")).status_code == 404
        assert (await own.get("/docs")).status_code == 404
        told = (await metrics.get("/metrics")).text
        assert 'route="/health/live",status="200"} 1.0' in told
        assert (await sdk.get("/metrics")).status_code == 200


async def test_a_limit_that_cannot_be_counted_is_said_at_the_start(installed: Processes) -> None:
    """Before anything listens, and without the storage's password."""
    ended = await installed.run("api", FAILOVER_RATE_LIMIT_STORAGE="redis://:hunter2@db:6379")
    assert ended.code == 1
    assert ended.output.startswith(
        "failover: FAILOVER_RATE_LIMIT_STORAGE: there is no such storage"
    )
    assert "hunter2" not in ended.output
