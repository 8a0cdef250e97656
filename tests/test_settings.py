"""Settings that are wrong are refused at the start, in a sentence, under the environment's name."""

import pytest
from pydantic import ValidationError

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
    for name in ("RATE_LIMIT", "TOKEN_RATE_LIMIT", "TRUSTED_PROXIES", "METRICS_PORT"):
        monkeypatch.setenv(f"FAILOVER_{name}", "")
    settings = Settings()
    assert (settings.rate_limit, settings.token_rate_limit) == (None, None)
    assert (settings.trusted_proxies, settings.docs) == (None, False)
    assert (settings.metrics_port, settings.temporal_metrics) == (None, None)
