"""Who serves which channel."""

import pytest

from domain.status import Channel
from providers.registry import Providers, sandboxed


def test_every_channel_is_served() -> None:
    """By the sandbox, until somebody else does."""
    providers = Providers(sandboxed("http://127.0.0.1:8090", deduplicates=True))
    assert [providers.serving(channel).name for channel in Channel] == ["sandbox"] * 3
    assert [provider.name for provider in providers.all()] == ["sandbox"]
    assert providers.named("sandbox") is providers.serving(Channel.SMS)
    assert providers.named("nobody") is None


def test_a_channel_that_nobody_serves_is_named() -> None:
    """At the start, not at the first send."""
    serving = dict(sandboxed("http://127.0.0.1:8090", deduplicates=True))
    del serving[Channel.VOICE]
    with pytest.raises(ValueError, match="Voice"):
        Providers(serving)
