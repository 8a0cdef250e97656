"""Who carries what: the routes, what nobody carries, and who proves that a report is its own."""

from collections.abc import Iterator, Mapping, Sequence

from cli.checks.findings import Finding, Findings, ok, warning, wrong
from domain.status import Channel
from providers.base import Content
from providers.registry import Misrouted, Providers
from providers.routes import EVERYWHERE, Routes
from providers.sandbox import Sandbox
from settings import Settings

ROUTES: Mapping[Channel, str] = {
    channel: f"FAILOVER_{channel.upper()}_PROVIDERS" for channel in Channel
}
"""The setting of each channel's route."""


async def routing(settings: Settings) -> Findings:
    """What the settings say together; no network is needed."""
    try:
        providers = settings.providers()
    except Misrouted as fault:
        mend = f"set it up, or correct {', '.join(ROUTES.values())}, FAILOVER_PINNED_PROVIDER"
        yield wrong("routes", str(fault), mend)
    else:
        for channel, routes in providers.routes.items():
            for finding in _route(channel, routes, providers):
                yield finding
        for finding in _exceptions(settings, providers):
            yield finding
    for finding in _signatures(settings):
        yield finding


def _route(channel: Channel, routes: Routes, providers: Providers) -> Iterator[Finding]:
    name, setting = f"{channel} route", ROUTES[channel]
    if not routes.every:
        yield warning(name, f"nobody carries {channel}", "set up a provider that does")
        return
    found = "; ".join(map(_written, routes.by_beginning.items()))
    if EVERYWHERE in routes.by_beginning:
        yield ok(name, found)
    else:
        yield warning(name, f"{found}; no other number is carried", f"add others to {setting}")
    if Sandbox.name in routes.every and len(providers.all()) > 1:
        said = "the sandbox stands beside real providers, and delivers nothing"
        yield warning(name, said, f"take sandbox out of {setting}")
    for content in Content:
        if content.channel is channel and not _carried(content, routes, providers):
            mend = f"set up a provider that does, or name it in {setting}"
            yield warning(name, f"nobody in it carries {_plural(content)}", mend)


def _written(route: tuple[str, Sequence[str]]) -> str:
    beginning, names = route
    listed = ", ".join(names)
    return f"{beginning}: {listed}" if beginning else listed


def _carried(content: Content, routes: Routes, providers: Providers) -> bool:
    found = (providers.named(name) for name in routes.every)
    return any(each and content in each.capabilities.contents for each in found)


def _plural(content: Content) -> str:
    return f"{content} messages" if content is Content.RICH else f"{content}s"


def _exceptions(settings: Settings, providers: Providers) -> Iterator[Finding]:
    if pinned := providers.pinned:
        said = f"{pinned} alone is used wherever it stands in a route"
        yield warning("pin", said, "once the reason is gone, empty FAILOVER_PINNED_PROVIDER")
    for name in sorted({name for name, _ in settings.receipts().silent}):
        if providers.named(name) is None:
            said = f"{name} is not set up"
            yield warning("receipts", said, "correct FAILOVER_WITHOUT_RECEIPTS")


def _signatures(settings: Settings) -> Iterator[Finding]:
    for name, config in settings.configured().items():
        absent = [member for member, there in config.signing.items() if not there]
        if absent:
            said = "reports are believed by their address alone"
            variables = ", ".join(f"FAILOVER_{name}_{member}".upper() for member in absent)
            yield warning(f"{name} signature", said, f"set {variables}")
        elif config.signing:
            yield ok(f"{name} signature", "reports are checked for it")
