"""What a check finds, and how checks are made: side by side, each with a deadline."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

DEADLINE = 8.0
"""Seconds for a whole check; what is asked within has limits of its own."""


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """What a check found, and what mends it."""

    check: str
    grade: Grade
    found: str
    mend: str = ""


Findings = AsyncIterator[Finding]


@dataclass(frozen=True)
class Check:
    """Something to look at; `online` if that needs the network."""

    name: str
    look: Callable[[], Findings]
    online: bool = True


def ok(check: str, found: str) -> Finding:
    """As it should be."""
    return Finding(check, Grade.OK, found)


def warning(check: str, found: str, mend: str) -> Finding:
    """It works, but perhaps not as it was meant."""
    return Finding(check, Grade.WARNING, found, mend)


def wrong(check: str, found: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(check, Grade.WRONG, found, mend)


async def made(checks: Sequence[Check], deadline: float = DEADLINE) -> list[Finding]:
    """Make all checks at once; never raises, whatever becomes of one."""
    found = await asyncio.gather(*(_watched(each, deadline) for each in checks))
    return [finding for findings in found for finding in findings]


async def _watched(check: Check, deadline: float) -> list[Finding]:
    findings: list[Finding] = []

    try:
        async with asyncio.timeout(deadline):
            async for finding in check.look():
                findings.append(finding)
    except TimeoutError:
        findings.append(
            wrong(check.name, f"nothing was heard for {deadline:g} s", "see whether it is up")
        )
    except Exception as fault:  # its message might hold a secret
        said = f"this check itself failed ({type(fault).__name__})"
        findings.append(wrong(check.name, said, "it is a bug of `failover doctor`: tell us"))
    return findings
