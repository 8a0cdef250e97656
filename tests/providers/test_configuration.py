"""What the settings of every provider tell: where it is spoken to, and who proves what."""

from pathlib import Path
from typing import Any

import pytest

from providers.outcomes import CannotCarry
from providers.sinch import Config as SinchConfig
from providers.twilio import Config as TwilioConfig
from settings import Settings
from tests.example import everything, sections
from tests.providers.contract import outgoing

SINCH: dict[str, Any] = {"project_id": "p", "key_id": "k", "key_secret": "s"}
TWILIO: dict[str, Any] = {"account_sid": f"AC{'0' * 32}"}
KEY: dict[str, Any] = {"api_key_sid": f"SK{'0' * 32}", "api_key_secret": "s"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of an installation that has every provider."""
    monkeypatch.setenv("FAILOVER_CONFIG", str(everything(tmp_path)))
    return Settings()


@pytest.mark.parametrize("name", sorted(sections()))
def test_every_request_goes_to_an_address_that_is_told(settings: Settings, name: str) -> None:
    """`failover doctor` connects to all of them, and to nothing else."""
    provider = settings.providers().named(name)
    assert provider is not None
    addresses = settings.configured()[name].addresses
    for content in provider.capabilities.contents:
        try:
            url = provider.build_request(outgoing(content)).url
        except CannotCarry:  # a number that this content may not have here
            continue
        assert url.startswith(tuple(f"{each}/" for each in addresses))


def test_what_a_project_does_not_carry_is_not_connected_to() -> None:
    """Sinch has an address for each of its APIs."""
    assert len(SinchConfig.model_validate(SINCH).addresses) == 2
    more = SinchConfig.model_validate(SINCH | {"app_id": "a", "voice_service_id": "v"})
    assert [url for url in more.addresses if "conversation" in url or "voice" in url] == [
        more.conversation_url,
        more.voice_url,
    ]


@pytest.mark.parametrize(
    ("secrets", "signed"),
    [
        ({}, False),
        ({"sms_secret": "s"}, True),
        ({"sms_secret": "s", "app_id": "a"}, False),
        ({"sms_secret": "s", "app_id": "a", "conversation_secret": "c"}, True),
        ({"voice_service_id": "v", "voice_secret": "dg=="}, False),
        ({"sms_secret": "s", "voice_service_id": "v", "voice_secret": "dg=="}, True),
    ],
)
def test_reports_are_signed_if_all_of_them_are(secrets: dict[str, str], signed: bool) -> None:
    """One API without its secret is a door."""
    assert SinchConfig.model_validate(SINCH | secrets).signed is signed


def test_without_a_secret_no_signature_is_looked_for() -> None:
    """Twilio's is the auth token; an API key signs nothing."""
    assert not TwilioConfig.model_validate(TWILIO | KEY).signed
    assert TwilioConfig.model_validate(TWILIO | KEY | {"auth_token": "t"}).signed


@pytest.mark.parametrize("name", sorted(sections()))
def test_a_provider_says_whether_its_reports_are_checked(settings: Settings, name: str) -> None:
    """With all secrets set: those that sign are checked."""
    provider = settings.providers().named(name)
    assert provider is not None
    assert provider.capabilities.signed is (name in {"sinch", "twilio", "vonage"})
