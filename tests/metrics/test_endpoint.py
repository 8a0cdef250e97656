"""Where Prometheus reads."""

import socket

import httpx
import pytest

from metrics import catalogue, endpoint
from settings import Settings
from tests.processes import HOST, free_port


async def test_the_metrics_are_served_as_text() -> None:
    """Ours and the process's own."""
    catalogue.accepted("transactional")
    port = free_port()
    with endpoint.serving(HOST, port):
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"http://{HOST}:{port}/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert 'failover_flows_accepted_total{kind="transactional"}' in answer.text
    assert "process_resident_memory_bytes" in answer.text
    with socket.socket() as probe:  # closed again
        assert probe.connect_ex((HOST, port)) != 0


def test_without_a_port_nothing_listens() -> None:
    """Off by default, on both ports, and never beyond this host by itself."""
    settings = Settings()
    assert (settings.metrics_port, settings.temporal_metrics) == (None, None)
    assert str(settings.metrics_host) == HOST
    with endpoint.serving(HOST, None):
        pass


def test_a_port_in_use_is_said_in_a_sentence() -> None:
    """With the setting that mends it."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(
                OSError,
                match=f"^no metrics on {HOST} port {port} .*: set another FAILOVER_METRICS_PORT$",
            ),
            endpoint.serving(HOST, port),
        ):
            pass
