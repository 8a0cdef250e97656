"""Each provider: whether it is reached, and whether it gives us a token. No message is sent."""

import asyncio
from collections.abc import Sequence

from cli.checks.findings import Findings, ok, wrong
from cli.checks.reaching import Reached, reached
from providers.base import Provider
from providers.credentials import ClientCredentials, NoToken
from providers.http import ProviderClient
from providers.sandbox import Sandbox
from settings import Settings

PATIENCE = 5.0
"""Seconds for a token."""


def addresses(provider: Provider, settings: Settings) -> Sequence[str]:
    """Where it is spoken to."""
    if provider.name == Sandbox.name:
        return (settings.sandbox_url,)
    return settings.configured()[provider.name].addresses


async def reach(provider: Provider, settings: Settings) -> Sequence[Reached]:
    """Each of its addresses, all at once."""
    return await asyncio.gather(*map(reached, addresses(provider, settings)))


async def carrier(provider: Provider, settings: Settings) -> Findings:
    """One provider."""
    found = await reach(provider, settings)
    for each in found:
        if each.reachable:
            yield ok(provider.name, f"{each.address} is reached in {each.ms} ms")
        else:
            yield wrong(provider.name, f"{each.address}: {each.why}", _mend(provider, each))
    if isinstance(provider.credentials, ClientCredentials) and found[0].reachable:
        async for finding in _token(provider):
            yield finding


def _mend(provider: Provider, place: Reached) -> str:
    if provider.name == Sandbox.name:
        return "start `failover sandbox`, or correct FAILOVER_SANDBOX_URL"
    return f"let this host reach {place.address}, or correct FAILOVER_{provider.name.upper()}_…URL"


async def _token(provider: Provider) -> Findings:
    try:
        async with ProviderClient(provider, PATIENCE) as client:
            await client.sign_in()
    except NoToken as fault:
        said = f"no access token: {fault}"
        if fault.refused:
            yield wrong(provider.name, said, f"correct {provider.name}'s id and secret")
        else:
            yield wrong(provider.name, said, "ask again; it may be the provider's own fault")
    else:
        yield ok(provider.name, "it gives an access token")
