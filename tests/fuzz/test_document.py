"""The whole OpenAPI document, leniencies included, put to the API by schemathesis."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.run import PhaseName

from accounts.demonstration import ACME, GLOBEX, SECRETS
from api.app import create_app
from tests.api.bench import Api, basic
from tests.fuzz.bridge import Bridge
from tests.fuzz.conftest import Sparing
from tests.fuzz.mending import Case, Mender, worth_it
from tests.fuzz.tally import Tally

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]

TOKEN = "/oauth/token"


@pytest.fixture
def document() -> dict[str, Any]:
    """The document that is committed."""
    copy: dict[str, Any] = json.loads(json.dumps(create_app().openapi()))
    return copy


@pytest.fixture
def settings(pytestconfig: pytest.Config) -> dict[str, Any]:
    """Every check but one: a schema cannot say which numbers, senders and layouts there are."""
    seed = pytestconfig.getoption("seed")
    return {
        **({} if seed is None else {"seed": seed}),
        "continue-on-failure": True,
        "suppress-health-check": ["all"],
        "checks": {"positive_data_acceptance": {"enabled": False}},
        "generation": {
            "max-examples": pytestconfig.getoption("examples"),
            "deterministic": seed is None,
            "database": "none",
        },
    }


async def test_the_api_does_what_its_document_says(
    api: Api, document: dict[str, Any], settings: dict[str, Any], tmp_path: Path, tally: Tally
) -> None:
    """Stateful links included, and no account sees another's flows."""
    users = {application.account: api.acting_as(application) for application in (ACME, GLOBEX)}
    passwords = tmp_path / "users.json"
    passwords.write_text(json.dumps({"auth": [_user(*each) for each in users.items()]}))
    wfc = {"path": str(passwords), "user": ACME.account, "peers": list(users)}
    own = {**settings, "auth": {"wfc": wfc}}
    schema = _schema(api, document, own, api.bearer()).exclude(path=TOKEN)
    await asyncio.to_thread(_run, schema, api, tally)
    assert not tally.failures, tally.told()


async def test_the_token_endpoint_does_what_its_document_says(
    api: Api, document: dict[str, Any], settings: dict[str, Any], tally: Tally
) -> None:
    """Its credentials are others."""
    known = {"username": ACME.id, "password": SECRETS[ACME.id]}
    alone = {"stateful": {"enabled": False}}  # nothing leads here
    own = {**settings, "phases": alone, "auth": {"openapi": {"HTTPBasic": known}}}
    schema = _schema(api, document, own, basic(ACME.id, SECRETS[ACME.id])).include(path=TOKEN)
    await asyncio.to_thread(_run, schema, api, tally)
    assert not tally.failures, tally.told()


def _user(name: str, user: Api) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in user.bearer().items()]
    return {"name": name, "fixedHeaders": headers}


def _schema(
    api: Api, document: dict[str, Any], settings: dict[str, Any], credentials: Mapping[str, str]
) -> schemathesis.BaseSchema:
    mender = Mender(document, credentials)
    config = schemathesis.Config.from_dict(settings)
    schema = schemathesis.openapi.from_dict(document, config=config)
    app = create_app(api.services)
    app.state.services = api.services
    schema.app = Bridge(app, asyncio.get_running_loop())

    @schema.hook
    def filter_case(context: schemathesis.HookContext, case: Case) -> bool:
        return worth_it(case)

    @schema.hook
    def map_case(context: schemathesis.HookContext, case: Case) -> Case:
        mender.mend(case)
        return case

    return schema


def _run(schema: schemathesis.BaseSchema, api: Api, tally: Tally) -> None:
    started = time.monotonic()
    for event in from_schema(schema).execute():
        match event:
            case events.PhaseStarted() if isinstance(api.services.flows, Sparing):
                api.services.flows.keeping = event.phase.name is not PhaseName.COVERAGE
            case events.ScenarioFinished():
                _count(event, tally)
            case events.PhaseFinished() if event.phase.is_enabled:
                ended = time.monotonic()
                tally.took(event.phase.name.value, ended - started)
                started = ended
            case events.NonFatalError():
                tally.failed(f"{event.label}: {event.info.title}", str(event.value))
            case events.FatalError():
                raise event.exception


def _count(scenario: events.ScenarioFinished, tally: Tally) -> None:
    recorder = scenario.recorder
    for name, interaction in recorder.interactions.items():
        case = recorder.cases[name].value
        if interaction.response is None:
            tally.failed(f"{case.operation.label}: no answer", case.as_curl_command())
            continue
        mode = case.meta.generation.mode.value if case.meta else "probe"
        kind = f"{mode} {scenario.phase.value}"
        tally.answered(case.operation.label, kind, interaction.response.status_code)
    for check in (each for every in recorder.checks.values() for each in every):
        if check.failure_info is None:
            tally.checks[check.name] += check.status is Status.SUCCESS
            continue
        failure, sample = check.failure_info.failure, check.failure_info.code_sample
        tally.failed(f"{failure.operation}: {failure.title}", f"{failure.message}\n{sample}")
