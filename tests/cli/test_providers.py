"""`failover providers`: who carries what, and whose turn it is."""

from pathlib import Path
from typing import Any

import pytest

from cli.spans import human
from providers.base import Span
from tests.cli.looking import KANNEL, SECRET, TWILIO, closed, origin
from tests.egress.receivers import answering, receiving
from tests.forking import Forks, Said

ROUTES = {
    "FAILOVER_SMS_PROVIDERS": "kannel, twilio; +30: twilio, sandbox, kannel",
    "FAILOVER_TWILIO_RATE": "10/second",
    "FAILOVER_PINNED_PROVIDER": "kannel",
}


async def _shown(forks: Forks, *options: str, **environment: str) -> Said:
    said = await forks.run(("providers", *options), environment)
    assert SECRET not in said.output + said.errors
    return said


async def _told(forks: Forks, *options: str, **environment: str) -> dict[str, dict[str, Any]]:
    said = await _shown(forks, "--json", *options, **environment)
    return {each["name"]: each for each in said.data}


async def test_the_sandbox_alone_is_shown(forks: Forks) -> None:
    """It carries everything, by itself."""
    told = await _told(forks, "--offline")
    assert told == {
        "sandbox": {
            "name": "sandbox",
            "channels": ["Sms", "Viber", "Voice"],
            "contents": ["Sms", "Viber template", "Viber text", "Viber free-form", "Voice"],
            "templates": True,
            "deduplicates": True,
            "asks": ["Sms", "Viber", "Voice"],
            "seen": True,
            "validity": {},
            "rate": None,
            "signed": False,
            "turns": [
                {"channel": channel, "beginning": "", "place": 1}
                for channel in ("Sms", "Viber", "Voice")
            ],
            "pinned": False,
            "health": None,
        }
    }


async def test_each_stands_in_the_routes_with_its_turn(forks: Forks) -> None:
    """By channel and by the beginnings of numbers; the pin and the rate are seen as well."""
    told = await _told(
        forks, "--offline", FAILOVER_KANNEL_URL=closed(), **KANNEL, **TWILIO, **ROUTES
    )
    turns = {
        name: [(each["channel"], each["beginning"], each["place"]) for each in one["turns"]]
        for name, one in told.items()
    }
    assert turns == {
        "kannel": [("Sms", "", 1), ("Sms", "+30", 3)],
        "twilio": [("Sms", "", 2), ("Sms", "+30", 1), ("Voice", "", 1)],
        "sandbox": [("Sms", "+30", 2)],
    }
    assert {name: one["pinned"] for name, one in told.items()} == {
        "kannel": True,
        "twilio": False,
        "sandbox": False,
    }
    assert told["twilio"]["rate"] == "10/second"
    assert told["kannel"]["validity"] == {"Sms": {"shortest": 60, "longest": 86400, "unit": 60}}


async def test_people_read_a_table(forks: Forks) -> None:
    """Validities in units that they think in."""
    said = await _shown(
        forks, "--offline", FAILOVER_KANNEL_URL=closed(), **KANNEL, **TWILIO, **ROUTES
    )
    assert (said.code, said.errors) == (0, "")
    words = " ".join(said.output.split())
    assert "kannel Sms no - no Sms 1 min to 1 d, by the min - no Sms: 1st not looked at" in words
    assert "pinned Sms +30: 3rd" in words
    assert "dedupes: takes a repeated reference for one message." in words


async def test_each_is_connected_to(forks: Forks) -> None:
    """And nothing is sent; one that is not reached does not change the exit code."""
    async with receiving(answering(200)) as kannel:
        url = origin(kannel)
        told = await _told(forks, FAILOVER_KANNEL_URL=url, **KANNEL)
        (health,) = told["kannel"]["health"]
        assert health.pop("ms") >= 0
        address = url.removeprefix("http://")
        assert health == {"address": address, "reachable": True, "why": None}
        assert kannel.requests == []
    said = await _shown(forks, FAILOVER_SANDBOX_URL=closed())
    assert said.code == 0
    assert "not: nobody listens there" in " ".join(said.output.split())


@pytest.mark.parametrize("token", ["", SECRET])
async def test_whether_reports_are_checked_is_shown(forks: Forks, token: str) -> None:
    """A secret is said to be there, and not shown."""
    told = await _told(forks, "--offline", **TWILIO, FAILOVER_TWILIO_AUTH_TOKEN=token)
    assert told["twilio"]["signed"] is bool(token)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FAILOVER_SMS_PROVIDERS": "kannel"}, "Sms goes to kannel, which is not set up"),
        ({"FAILOVER_KANNEL_URL": "smsbox"}, "FAILOVER_KANNEL_URL: "),
    ],
)
async def test_what_cannot_be_followed_is_said_in_a_sentence(
    forks: Forks, environment: dict[str, str], said: str
) -> None:
    """`failover doctor` says more."""
    refused = await _shown(forks, "--offline", **environment)
    assert (refused.code, refused.output) == (1, "")
    assert said in refused.errors
    assert "Traceback" not in refused.errors


async def test_a_file_that_is_not_toml_is_said_in_a_sentence(forks: Forks, tmp_path: Path) -> None:
    """By every command that reads the settings, whenever it does."""
    file = tmp_path / "providers.toml"
    file.write_text(f"[kannel]\nurl = {SECRET}", encoding="utf-8")
    for verb in ("providers", "sandbox"):
        refused = await forks.run((verb,), {"FAILOVER_CONFIG": str(file)})
        assert (refused.code, refused.output) == (1, "")
        assert refused.errors.startswith("failover: FAILOVER_CONFIG: the file is not TOML: ")
        assert SECRET not in refused.errors


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span(1, 172800), "1 s to 2 d"),
        (Span(60, 86400, unit=60), "1 min to 1 d, by the min"),
        (Span(30, 36000), "30 s to 10 h"),
        (Span(1, 5400), "1 s to 90 min"),
    ],
)
def test_a_validity_is_said_as_people_do(span: Span, said: str) -> None:
    """In the greatest unit that leaves no rest."""
    assert human(span) == said
