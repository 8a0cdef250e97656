"""Settings that are wrong are refused at the start, in a sentence, under the environment's name."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from egress.reach import Reach
from settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FAILOVER_RATE_LIMIT", "often"),
        ("FAILOVER_TOKEN_RATE_LIMIT", "10"),
        ("FAILOVER_TRUSTED_PROXIES", "*"),
        ("FAILOVER_METRICS_HOST", "localhost"),
        ("FAILOVER_METRICS_PORT", "nine"),
        ("FAILOVER_TEMPORAL_METRICS_PORT", "-"),
        ("FAILOVER_DOCS", "perhaps"),
        ("FAILOVER_EGRESS_PORTS", "443;80"),
        ("FAILOVER_EGRESS_PORTS", "0"),
        ("FAILOVER_EGRESS_ALLOW_CIDRS", "0.0.0.0/0"),
        ("FAILOVER_EGRESS_ALLOW_CIDRS", "::/0"),
        ("FAILOVER_EGRESS_ALLOW_CIDRS", "169.254.169.254/32"),
        ("FAILOVER_EGRESS_ALLOW_CIDRS", "office"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that was misspelt must not be no limit."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match="Input should be|is not a valid"):
        Settings()


def test_what_protects_is_off_and_what_exposes_is_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty is as good as absent: that is how the compose file says it."""
    empty = ("RATE_LIMIT", "TOKEN_RATE_LIMIT", "TRUSTED_PROXIES", "METRICS_PORT")
    for name in (*empty, "EGRESS_PORTS", "EGRESS_ALLOW_CIDRS"):
        monkeypatch.setenv(f"FAILOVER_{name}", "")
    settings = Settings()
    assert (settings.rate_limit, settings.token_rate_limit) == (None, None)
    assert (settings.trusted_proxies, settings.docs) == (None, False)
    assert (settings.metrics_port, settings.temporal_metrics) == (None, None)
    assert settings.reach() == Reach(frozenset({80, 443, 8080, 8443}), opened=())


def test_clients_addresses_reach_what_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the ports that are named."""
    monkeypatch.setenv("FAILOVER_EGRESS_PORTS", "443, 9000")
    monkeypatch.setenv("FAILOVER_EGRESS_ALLOW_CIDRS", "10.1.0.0/16,fd12::/16")
    assert Settings().reach() == Reach(
        frozenset({443, 9000}), (ip_network("10.1.0.0/16"), ip_network("fd12::/16"))
    )
