"""The providers of this installation, and which of them carry a step."""

from collections.abc import Mapping, Sequence

from domain.status import Channel
from domain.steps import RequestStep
from providers.base import Content, Provider
from providers.breaker import Breaker
from providers.routes import EVERYWHERE, Routes
from providers.sandbox import Sandbox


class Misrouted(ValueError):
    """A route names a provider that cannot take it; the message says which."""


class Providers:
    """All of them by name, each channel's routes, and how each fares in this process.

    A channel without a route is served by every provider that can, in the order given; by the
    sandbox, which delivers nothing, only if nobody else is there. `pinned` names one that is used
    alone wherever it stands in a route, however it fares.
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        routes: Mapping[Channel, Routes] | None = None,
        pinned: str | None = None,
    ) -> None:
        self._named = {provider.name: provider for provider in providers}
        self._routes = {channel: self._route(channel, routes or {}) for channel in Channel}
        self._pinned = pinned
        self._breakers = {name: Breaker() for name in self._named}
        if pinned and pinned not in self._named:
            raise Misrouted(f"{pinned} is pinned, and not set up")

    def _route(self, channel: Channel, routes: Mapping[Channel, Routes]) -> Routes:
        route = routes.get(channel)
        if route is None:
            real = [name for name in self._named if name != Sandbox.name] or self._named
            able = [name for name in real if self._serves(name, channel)]
            return Routes({EVERYWHERE: able} if able else {})
        for name in route.every:
            if name not in self._named:
                raise Misrouted(f"{channel} goes to {name}, which is not set up")
            if not self._serves(name, channel):
                raise Misrouted(f"{channel} goes to {name}, which does not carry it")
        return route

    def _serves(self, name: str, channel: Channel) -> bool:
        return channel in self._named[name].capabilities.channels

    def able(self, step: RequestStep) -> Sequence[Provider]:
        """Who carries the step, first choice first, as the settings say."""
        content = Content.of(step)
        names = self._routes[step.channel].names(step.recipient)
        able = [self._named[name] for name in names]
        able = [each for each in able if content in each.capabilities.contents]
        return [each for each in able if each.name == self._pinned] or able

    def choices(self, step: RequestStep) -> Sequence[Provider]:
        """The same, those that fail at the moment last."""
        able = self.able(step)
        if len(able) < 2:
            return able
        return sorted(able, key=lambda each: self._breakers[each.name].is_out)

    def note(self, name: str, failed: bool) -> None:
        """How an attempt of that provider's ended."""
        self._breakers[name].note(failed)

    @property
    def routes(self) -> Mapping[Channel, Routes]:
        """Each channel's, as they are followed."""
        return self._routes

    @property
    def pinned(self) -> str | None:
        """The one that is used alone."""
        return self._pinned

    def named(self, name: str) -> Provider | None:
        """The provider of that name, if it is one of ours."""
        return self._named.get(name)

    def all(self) -> tuple[Provider, ...]:
        """Every provider once."""
        return tuple(self._named.values())
