"""The OpenAPI document that clients generate their code from."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api import examples
from api.app import create_app
from api.bodies import CreateTransactionalFlow, FlowCreated
from tests.api.bench import CREATE, Api

OPERATIONS = {
    ("post", "/oauth/token"),
    ("post", CREATE),
    ("post", "/failover/{tracking_id}/cancel"),
    ("get", "/failover/tracking/{tracking_id}"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
}
"""Reports are not for clients."""


@pytest.fixture(scope="module")
def document() -> Any:
    """The document, as it is printed."""
    return json.loads(json.dumps(create_app().openapi(), allow_nan=False))


def schema(document: Any, operation: Any) -> Any:
    """The schema behind a reference."""
    reference = operation["content"]["application/json"]["schema"]["$ref"]
    return document["components"]["schemas"][reference.rpartition("/")[2]]


def test_it_lists_every_route(document: Any) -> None:
    """No more and no less."""
    listed = {(method, path) for path, each in document["paths"].items() for method in each}
    assert listed == OPERATIONS


async def test_it_is_what_the_application_serves(alone: Api, document: Any) -> None:
    """Without a token."""
    answer = await alone.http.get("/openapi.json")
    assert (answer.status_code, answer.json()) == (200, document)


def references(value: Any) -> Iterator[str]:
    """Every reference inside."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from references(member)


def test_every_reference_leads_somewhere(document: Any) -> None:
    """Generators stop at the first that does not."""
    found = set(references(document))
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert found
    assert found <= known
    assert document["openapi"].startswith("3.")


def test_creating_has_the_contracts_example(document: Any) -> None:
    """Request and response of §3.3, which the models themselves accept."""
    operation = document["paths"][CREATE]["post"]
    assert schema(document, operation["requestBody"])["examples"] == [examples.TRANSACTIONAL]
    created = schema(document, operation["responses"]["200"])
    assert created["examples"] == [examples.TRANSACTIONAL_CREATED]
    request = CreateTransactionalFlow.model_validate(examples.TRANSACTIONAL)
    answer = FlowCreated.model_validate(examples.TRANSACTIONAL_CREATED)
    assert [step.type for step in request.flow] == ["Viber", "Sms"]
    assert answer.model_dump(mode="json", exclude_none=True) == examples.TRANSACTIONAL_CREATED


def test_a_flow_is_a_list_of_one_to_ten(document: Any) -> None:
    """As the endpoint has it."""
    body = schema(document, document["paths"][CREATE]["post"]["requestBody"])
    flow = body["properties"]["flow"]
    assert (flow["minItems"], flow["maxItems"]) == (1, 10)
    assert body["required"] == ["flow"]


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", CREATE, {"200", "400", "403", "404", "422", "503"}),
        ("get", "/failover/tracking/{tracking_id}", {"200", "403", "404", "503"}),
        ("post", "/failover/{tracking_id}/cancel", {"200", "403", "404", "409", "503"}),
        ("get", "/health/ready", {"200", "503"}),
    ],
)
def test_it_names_the_statuses(document: Any, method: str, path: str, statuses: set[str]) -> None:
    """Those that a client must tell apart."""
    assert statuses <= document["paths"][path][method]["responses"].keys()


def test_it_promises_no_error_of_the_frameworks(document: Any) -> None:
    """What is invalid gets a 400 in the contract's shape, at every endpoint."""
    assert (
        document["components"]["schemas"]
        .keys()
        .isdisjoint({"HTTPValidationError", "ValidationError"})
    )
    for each in document["paths"].values():
        for operation in each.values():
            assert schema(document, operation["responses"]["default"])["title"] == "Problem"


def test_what_needs_a_token_says_so(document: Any) -> None:
    """By the bearer scheme; the rest has none."""
    schemes = document["components"]["securitySchemes"]
    assert [each["scheme"] for each in schemes.values()] == ["bearer"]
    guarded = {
        (method, path)
        for path, each in document["paths"].items()
        for method, operation in each.items()
        if operation.get("security")
    }
    assert guarded == {(method, path) for method, path in OPERATIONS if path.startswith("/fail")}


def test_the_parameters_are_named(document: Any) -> None:
    """The tracking id in the path, the Idempotency-Key in a header."""
    create = document["paths"][CREATE]["post"]["parameters"]
    assert [(each["in"], each["name"].lower()) for each in create] == [
        ("header", "idempotency-key")
    ]
    for path in ("/failover/tracking/{tracking_id}", "/failover/{tracking_id}/cancel"):
        ((_, operation),) = document["paths"][path].items()
        ((name, place),) = {(each["name"], each["in"]) for each in operation["parameters"]}
        assert (name, place) == ("tracking_id", "path")
