"""`failover doctor --offline`: what the settings alone give away."""

from pathlib import Path

import pytest

from tests.cli.looking import KANNEL, SECRET, TWILIO, Doctor, asking, closed
from tests.conftest import KEYS
from tests.forking import Forks

PUBLIC = {"FAILOVER_REPORT_URL": "https://failover.example.com"}
NEAR = {"FAILOVER_KANNEL_URL": "http://127.0.0.1:13013", **KANNEL}


@pytest.fixture
def look(forks: Forks, tmp_path: Path) -> Doctor:
    """Looks at the settings of an installation that has nothing but keys."""
    environment = {"FAILOVER_DATA_DIR": str(tmp_path), "FAILOVER_KEYS": KEYS}
    return asking(forks, environment, "--offline")


async def test_settings_that_can_work_are_healthy(look: Doctor) -> None:
    """The sandbox alone is whole: that is how everybody begins."""
    found = await look()
    assert (found.code, found.wrong) == (0, set())
    assert {each for each, _, _ in sum(found.findings.values(), [])} == {"ok"}
    assert found.only("Sms route") == ("ok", "sandbox", "")


async def test_offline_nobody_is_connected_to(look: Doctor) -> None:
    """What needs the network is not looked at, so that it cannot be wrong either."""
    found = await look(
        TEMPORAL_ADDRESS=closed().removeprefix("http://"), FAILOVER_SANDBOX_URL=closed()
    )
    assert found.code == 0
    assert not {"engine", "database", "clock", "sandbox"} & set(found.findings)


async def test_every_setting_that_cannot_be_read_is_named(look: Doctor) -> None:
    """All of them at once, by their variables; the values are not shown."""
    found = await look(
        FAILOVER_API_PORT=SECRET,
        FAILOVER_RATE_LIMIT=SECRET,
        FAILOVER_KANNEL_URL=SECRET,
        FAILOVER_TWILIO_ACCOUNT_SID=SECRET,
    )
    assert found.code == 1
    named = {said.partition(":")[0] for _, said, _ in found.findings["settings"]}
    assert named >= {
        "FAILOVER_API_PORT",
        "FAILOVER_RATE_LIMIT",
        "FAILOVER_KANNEL_URL",
        "FAILOVER_KANNEL_PASSWORD",
        "FAILOVER_TWILIO_ACCOUNT_SID",
    }
    assert list(found.findings) == ["settings"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kannel = ", "FAILOVER_CONFIG: it is not TOML"),
        (f"[kannel]\nurl = {SECRET}", "FAILOVER_CONFIG: it is not TOML"),
        (f'[kanel]\nurl = "{SECRET}"', "FAILOVER_KANEL"),
        ("[kannel]\nlongest = 0", "FAILOVER_KANNEL_LONGEST"),
    ],
)
async def test_a_file_that_cannot_be_read_is_named(
    look: Doctor, tmp_path: Path, text: str, said: str
) -> None:
    """Its sections are settings like the environment's; what is secret in it is not shown."""
    file = tmp_path / "providers.toml"
    file.write_text(text, encoding="utf-8")
    found = await look(FAILOVER_CONFIG=str(file))
    assert found.wrong == {"settings"}
    assert any(each.startswith(said) for _, each, _ in found.findings["settings"])


async def test_a_file_that_is_not_there_is_named(look: Doctor, tmp_path: Path) -> None:
    """Rather than passed over."""
    found = await look(FAILOVER_CONFIG=str(tmp_path / "nowhere.toml"))
    assert found.only("settings")[1].startswith("FAILOVER_CONFIG: ")


async def test_a_variable_that_nobody_reads_is_pointed_out(look: Doctor) -> None:
    """A misspelt limit is no limit. What the compose file reads is no mistake."""
    found = await look(FAILOVER_RATE_LIMITS="10/second", FAILOVER_DOMAIN="example.com", **NEAR)
    fine, misspelt = found.findings["settings"]
    assert fine[0] == "ok"
    assert misspelt[:2] == ("warning", "FAILOVER_RATE_LIMITS: no setting is called so")


@pytest.mark.parametrize("keys", ["", f"k1:{SECRET}", "k1:AAAA", "k1"])
async def test_keys_that_are_missing_or_malformed_are_wrong(look: Doctor, keys: str) -> None:
    """Nothing could be sealed. They are not shown."""
    found = await look(FAILOVER_KEYS=keys)
    assert found.wrong == {"keys"}
    assert "FAILOVER_KEYS" in found.only("keys")[2]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("FAILOVER_SMS_PROVIDERS", "kanel", "kanel, which is not set up"),
        ("FAILOVER_VOICE_PROVIDERS", "kannel", "kannel, which does not carry it"),
        ("FAILOVER_PINNED_PROVIDER", "infobip", "infobip is pinned, and not set up"),
    ],
)
async def test_a_route_that_leads_nowhere_is_wrong(
    look: Doctor, setting: str, value: str, said: str
) -> None:
    """A provider's name misspelt, say: API and worker would not start."""
    found = await look(**NEAR, **{setting: value})
    assert found.wrong == {"routes"}
    grade, why, mend = found.only("routes")
    assert (grade, setting in mend) == ("wrong", True)
    assert why.endswith(said)


async def test_what_nobody_carries_is_pointed_out(look: Doctor) -> None:
    """A channel, a content of a channel, numbers of no route."""
    found = await look(
        **NEAR, **PUBLIC, **TWILIO, FAILOVER_SMS_PROVIDERS="+30: kannel; +1: twilio, kannel"
    )
    assert found.code == 0
    said = "+30: kannel; +1: twilio, kannel; no other number is carried"
    assert found.only("Sms route")[:2] == ("warning", said)
    assert found.only("Viber route")[:2] == ("warning", "nobody carries Viber")
    assert found.only("Voice route") == ("ok", "twilio", "")


async def test_a_channel_without_templates_is_pointed_out(look: Doctor) -> None:
    """Somebody carries Viber, but not all of it."""
    sinch = {
        f"FAILOVER_SINCH_{name}": SECRET
        for name in ("PROJECT_ID", "KEY_ID", "KEY_SECRET", "APP_ID")
    }
    found = await look(**sinch, **PUBLIC)
    said = [each[1] for each in found.findings["Viber route"] if each[0] == "warning"]
    assert said == [
        "nobody in it carries Viber texts",
        "nobody in it carries Viber free-form messages",
    ]


async def test_a_sandbox_among_real_providers_is_pointed_out(look: Doctor) -> None:
    """What fails over to it is delivered to nobody."""
    found = await look(**NEAR, FAILOVER_SMS_PROVIDERS="kannel,sandbox")
    route, sandbox = found.findings["Sms route"]
    assert route == ("ok", "kannel, sandbox", "")
    assert sandbox[0] == "warning"
    assert "delivers nothing" in sandbox[1]


async def test_exceptions_are_pointed_out(look: Doctor) -> None:
    """A pin is for an emergency, and is easily forgotten; a table may name nobody."""
    found = await look(
        **NEAR, FAILOVER_PINNED_PROVIDER="kannel", FAILOVER_WITHOUT_RECEIPTS="vonage *: failover"
    )
    assert found.only("pin")[0] == "warning"
    assert found.only("receipts")[:2] == ("warning", "vonage is not set up")
    assert found.code == 0


async def test_a_signature_that_is_not_checked_is_pointed_out(look: Doctor) -> None:
    """Only where the provider signs: Kannel never does."""
    found = await look(**NEAR, **TWILIO, **PUBLIC)
    assert found.only("twilio signature") == (
        "warning",
        "reports are believed by their address alone",
        "set FAILOVER_TWILIO_AUTH_TOKEN",
    )
    assert "kannel signature" not in found.findings
    checked = await look(**TWILIO, **PUBLIC, FAILOVER_TWILIO_AUTH_TOKEN=SECRET)
    assert checked.only("twilio signature")[0] == "ok"


@pytest.mark.parametrize(
    ("url", "provider", "grade", "said"),
    [
        ("https://failover.example.com", TWILIO, "ok", "failover.example.com:443"),
        ("http://failover.example.com", TWILIO, "warning", "reports travel in clear"),
        ("http://127.0.0.1:8080", TWILIO, "wrong", "no provider gets there"),
        ("https://localhost", TWILIO, "wrong", "no provider gets there"),
        ("https://user:pass@[::1]:8443/x", TWILIO, "wrong", "[::1]:8443: no provider"),
        ("http://127.0.0.1:8080", NEAR, "ok", "for providers on this machine"),
        ("failover.example.com", TWILIO, "wrong", "it is no address"),
        ("https://failover.example.com:many", TWILIO, "wrong", "it is no address"),
    ],
)
async def test_an_address_for_reports_is_one_that_providers_reach(
    look: Doctor, url: str, provider: dict[str, str], grade: str, said: str
) -> None:
    """By https, from outside; only a gateway on the same machine may be told a loopback one."""
    found = await look(**provider, FAILOVER_REPORT_URL=url)
    told = found.only("report address")
    assert told[0] == grade
    assert said in told[1]
    assert found.code == (1 if grade == "wrong" else 0)


async def test_people_read_a_table(forks: Forks) -> None:
    """The same, a line for each, and a count."""
    said = await forks.run(("doctor", "--offline"), {"FAILOVER_KEYS": "", **TWILIO})
    assert (said.code, said.errors) == (1, "")
    assert SECRET not in said.output
    lines = [line.strip() for line in said.output.splitlines() if line.strip()]
    assert lines[0] == "This installation"
    assert any(line.startswith("wrong    keys ") for line in lines)
    assert lines[-1] == "3 ok, 2 wrong, 2 warning"
