"""Which provider serves which channel."""

from collections.abc import Mapping

from domain.status import Channel
from providers.base import Provider
from providers.sandbox import Sandbox


class Providers:
    """The providers of this installation, as the composition root hands them over."""

    def __init__(self, serving: Mapping[Channel, Provider]) -> None:
        missing = [channel for channel in Channel if channel not in serving]
        if missing:
            raise ValueError(f"no provider serves {', '.join(missing)}")
        self._serving = serving
        self._named = {provider.name: provider for provider in serving.values()}

    def serving(self, channel: Channel) -> Provider:
        """The provider for the channel."""
        return self._serving[channel]

    def named(self, name: str) -> Provider | None:
        """The provider of that name, if it is one of ours."""
        return self._named.get(name)

    def all(self) -> tuple[Provider, ...]:
        """Every provider once."""
        return tuple(self._named.values())


def sandboxed(url: str, deduplicates: bool) -> Mapping[Channel, Provider]:
    """Every channel served by the sandbox at that address."""
    sandbox = Sandbox(url, deduplicates)
    return dict.fromkeys(Channel, sandbox)
