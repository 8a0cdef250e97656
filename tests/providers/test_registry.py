"""Who carries what, and in which order."""

import pytest

from domain.status import Channel
from providers.base import Content, Provider
from providers.breaker import FAILURES
from providers.kannel import Config, Kannel
from providers.registry import Misrouted, Providers
from providers.routes import BadRoute, Routes
from providers.sandbox import Sandbox
from tests.providers.contract import step_of

KANNEL = Kannel(Config.model_validate({"url": "http://k", "username": "u", "password": "p"}))
SANDBOX = Sandbox("http://127.0.0.1:8090")

SMS, CALL = step_of(Content.SMS), step_of(Content.CALL)
CYPRIOT = step_of(Content.SMS, to="+35799123456")


def names(found: object) -> list[str]:
    """Of the providers found."""
    assert isinstance(found, list)
    return [each.name for each in found]


def routed(channel: Channel, route: str, *providers: Provider, pinned: str = "") -> Providers:
    """Providers with one route."""
    return Providers(providers, {channel: Routes.read(route)}, pinned or None)


def test_the_sandbox_serves_where_nobody_else_is() -> None:
    """So that a laptop needs no settings."""
    providers = Providers([SANDBOX])
    for content in Content:
        assert names(providers.able(step_of(content))) == ["sandbox"]
    assert providers.named("sandbox") is SANDBOX
    assert providers.named("nobody") is None


def test_the_sandbox_never_takes_what_a_real_provider_was_set_up_for() -> None:
    """It would say "delivered" of what nobody got."""
    providers = Providers([KANNEL, SANDBOX])
    assert names(providers.able(SMS)) == ["kannel"]
    assert names(providers.able(CALL)) == []


def test_a_route_is_an_order() -> None:
    """And says who else may be asked."""
    providers = routed(Channel.SMS, "sandbox,kannel", KANNEL, SANDBOX)
    assert names(providers.choices(SMS)) == ["sandbox", "kannel"]


def test_the_longest_beginning_decides() -> None:
    """Whoever is not named there is not asked, either."""
    route = "sandbox, kannel; +357: kannel; +3: sandbox"
    providers = routed(Channel.SMS, route, KANNEL, SANDBOX)
    assert names(providers.choices(CYPRIOT)) == ["kannel"]
    assert names(providers.choices(SMS)) == ["sandbox"]
    assert names(providers.choices(step_of(Content.SMS, to="+447700900123"))) == [
        "sandbox",
        "kannel",
    ]


def test_a_number_that_no_route_names_is_not_carried() -> None:
    """The door says so, naming the step."""
    providers = routed(Channel.SMS, "+30: kannel", KANNEL)
    assert names(providers.able(SMS)) == ["kannel"]
    assert not providers.able(CYPRIOT)


@pytest.mark.parametrize(
    ("channel", "route", "said"),
    [
        (Channel.SMS, "infobip", "not set up"),
        (Channel.VOICE, "kannel", "does not carry"),
        (Channel.SMS, "kannel; +30: nobody", "nobody"),
    ],
)
def test_a_route_to_nowhere_is_said_at_the_start(channel: Channel, route: str, said: str) -> None:
    """Not at the first send."""
    with pytest.raises(Misrouted, match=said):
        routed(channel, route, KANNEL, SANDBOX)


@pytest.mark.parametrize(
    "text", ["Kannel", "kannel infobip", "30: kannel", "+30 kannel", ":", "a;b"]
)
def test_what_is_no_route_is_said_so(text: str) -> None:
    """With an example."""
    with pytest.raises(BadRoute, match="kannel,infobip"):
        Routes.read(text)


def test_one_that_fails_time_after_time_comes_last() -> None:
    """Until the pause is over, or it takes something."""
    providers = routed(Channel.SMS, "kannel,sandbox", KANNEL, SANDBOX)
    for _ in range(FAILURES):
        assert names(providers.choices(SMS)) == ["kannel", "sandbox"]
        providers.note("kannel", failed=True)
    assert names(providers.choices(SMS)) == ["sandbox", "kannel"]
    providers.note("kannel", failed=False)
    assert names(providers.choices(SMS)) == ["kannel", "sandbox"]


def test_a_pinned_one_is_asked_alone() -> None:
    """However it fares; where it stands in no route, nothing changes."""
    providers = routed(Channel.SMS, "sandbox,kannel", KANNEL, SANDBOX, pinned="kannel")
    for _ in range(FAILURES):
        providers.note("kannel", failed=True)
    assert names(providers.choices(SMS)) == ["kannel"]
    with pytest.raises(Misrouted, match="pinned"):
        routed(Channel.SMS, "kannel", KANNEL, pinned="sandbox")
