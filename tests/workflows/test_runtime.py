"""The SDK's runtime: its metrics, and its lines among ours."""

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from settings import Settings
from tests.processes import HOST, free_port
from workflows import runtime
from workflows.client import connect


@pytest.mark.server
async def test_its_metrics_are_served(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every call to the engine, in seconds."""
    engine = environment.client.service_client.config.target_host
    monkeypatch.setenv("TEMPORAL_ADDRESS", engine)
    address = f"{HOST}:{free_port()}"
    await connect(metrics=address)
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://{address}/metrics")
    assert 'temporal_request_total{operation="GetSystemInfo"' in answer.text
    assert "temporal_request_latency_seconds_sum" in answer.text


async def test_there_is_one_for_a_process() -> None:
    """Each has threads of its own, and the address only once."""
    address = f"{HOST}:{free_port()}"
    assert runtime.serving(address) is runtime.serving(address)
    assert runtime.serving(None) is runtime.serving(None)


async def test_an_address_in_use_is_said_in_a_sentence() -> None:
    """With the setting that mends it."""
    port = free_port()
    runtime.serving(f"{HOST}:{port}")
    with pytest.raises(OSError, match="set another FAILOVER_TEMPORAL_METRICS_PORT$"):
        runtime.serving.__wrapped__(f"{HOST}:{port}")


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1:9465"), ("::1", "[::1]:9465")]
)
def test_the_address_is_the_metrics_hosts(host: str, address: str) -> None:
    """As the SDK wants it written."""
    given = {"metrics_host": host, "temporal_metrics_port": 9465}
    assert Settings.model_validate(given).temporal_metrics == address
