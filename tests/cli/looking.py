"""`failover doctor`, and what it found."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.egress.receivers import Receiver
from tests.forking import Forks, Said
from tests.processes import HOST, free_port

SECRET = "f2a9-not-to-be-shown"
"""What every secret of these tests is or holds."""

TWILIO = {
    "FAILOVER_TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
    "FAILOVER_TWILIO_API_KEY_SID": f"SK{'0' * 32}",
    "FAILOVER_TWILIO_API_KEY_SECRET": SECRET,
}
KANNEL = {"FAILOVER_KANNEL_USERNAME": "failover", "FAILOVER_KANNEL_PASSWORD": SECRET}
ROUTEE = {"FAILOVER_ROUTEE_APPLICATION_ID": "shop", "FAILOVER_ROUTEE_SECRET": SECRET}


@dataclass(frozen=True)
class Found:
    """The exit code, and (grade, found, mend) of each finding by what was looked at."""

    code: int
    findings: dict[str, list[tuple[str, str, str]]]

    def only(self, check: str) -> tuple[str, str, str]:
        """The one finding about that."""
        (finding,) = self.findings[check]
        return finding

    @property
    def wrong(self) -> set[str]:
        """What is wrong."""
        return {
            check
            for check, found in self.findings.items()
            if "wrong" in {each[0] for each in found}
        }


Doctor = Callable[..., Coroutine[Any, Any, Found]]


def found(said: Said) -> Found:
    """What `--json` printed."""
    assert said.errors == ""
    assert SECRET not in said.output
    told = json.loads(said.output)
    assert told["healthy"] is (said.code == 0)
    findings: dict[str, list[tuple[str, str, str]]] = {}
    for each in told["findings"]:
        assert (each["grade"] == "ok") is not bool(each["mend"])
        finding = (each["grade"], each["found"], each["mend"])
        findings.setdefault(each["check"], []).append(finding)
    return Found(said.code, findings)


def asking(forks: Forks, environment: dict[str, str], *options: str) -> Doctor:
    """Runs the command with that environment and more."""

    async def ask(**more: str) -> Found:
        return found(await forks.run(("doctor", "--json", *options), {**environment, **more}))

    return ask


def closed() -> str:
    """An address where nobody listens."""
    return f"http://{HOST}:{free_port()}"


def origin(receiver: Receiver) -> str:
    """Where it listens."""
    parts = urlsplit(receiver.url)
    return f"{parts.scheme}://{parts.netloc}"
