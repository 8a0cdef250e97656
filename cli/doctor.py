"""`failover doctor`: is this installation whole, and if not, what mends it?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from rich.table import Table

from cli.checks import carriers, clock, database, engine, reading, reporting, routing
from cli.checks.findings import Check, Finding, Grade, made
from cli.ending import run
from cli.options import AsJson, Offline
from cli.tables import Told, table
from providers.base import Provider
from providers.registry import Misrouted
from settings import Settings


def doctor(offline: Offline = False, as_json: AsJson = False) -> None:
    """Check everything that an installation needs, and say what to mend.

    Settings, keys, database, Temporal, routes, providers, report address, clock. No message is sent
    and nothing is changed. The exit code is 0 unless something is wrong; warnings are not.
    """
    run(_doctor(offline, as_json))


async def _doctor(offline: bool, as_json: bool) -> int:
    settings, findings = reading.read()
    checks = [*(_of(settings) if settings else ()), Check("engine", engine.engine)]
    findings += await made([each for each in checks if not (offline and each.online)])
    healthy = all(each.grade is not Grade.WRONG for each in findings)
    Told({"healthy": healthy, "findings": findings}, _shown(findings)).print(as_json)
    return 0 if healthy else 1


def _of(settings: Settings) -> Iterator[Check]:
    yield Check("keys", partial(reading.keys, settings), online=False)
    yield Check("routes", partial(routing.routing, settings), online=False)
    yield Check(reporting.NAME, partial(reporting.form, settings), online=False)
    yield Check("database", partial(database.database, settings))
    yield Check(reporting.NAME, partial(reporting.answer, settings))
    yield Check("clock", partial(clock.clock, settings))
    for provider in everybody(settings):
        yield Check(provider.name, partial(carriers.carrier, provider, settings))


def everybody(settings: Settings) -> Sequence[Provider]:
    """All providers; those that are set up, where the routes are not valid."""
    try:
        return settings.providers().all()
    except Misrouted:
        return settings.brands()


def _shown(findings: Sequence[Finding]) -> Sequence[str | Table]:
    rows = [(each.grade, each.check, each.found, each.mend or None) for each in findings]
    grades = Counter(each.grade for each in findings)
    counted = ", ".join(f"{number} {grade}" for grade, number in grades.items())
    return [table("This installation", ("", "what", "found", "to mend it"), rows), counted]
