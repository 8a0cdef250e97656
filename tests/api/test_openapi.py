"""The OpenAPI document that clients generate their code from."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api import examples
from api.app import create_app
from api.bodies import CreateFlow, CreateTransactionalFlow, FlowCreated
from api.replaying import CallbackInFull, CallbackView, ReplayTaken
from domain.wire import Wire
from tests.api.bench import CREATE

OPERATIONS = {
    ("post", "/oauth/token"),
    ("post", "/failover"),
    ("post", CREATE),
    ("post", "/failover/{tracking_id}/cancel"),
    ("get", "/failover/tracking"),
    ("post", "/failover/tracking"),
    ("get", "/failover/tracking/{tracking_id}"),
    ("get", "/failover/{tracking_id}/callbacks"),
    ("get", "/callbacks"),
    ("post", "/callbacks/replay"),
    ("get", "/callbacks/{callback_id}"),
    ("post", "/callbacks/{callback_id}/replay"),
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


def client(app: FastAPI) -> httpx.AsyncClient:
    """A client of the application in process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://api.test")


async def test_it_is_what_the_application_serves_to_developers(document: Any) -> None:
    """Without a token, and with a page to read it."""
    async with client(create_app(docs=True)) as http:
        served, page = await http.get("/openapi.json"), await http.get("/docs")
    assert (served.status_code, served.json()) == (200, document)
    assert page.status_code == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"])
async def test_in_production_it_is_not_served(path: str) -> None:
    """404 as for any other path: what an installation can do is not told to strangers."""
    async with client(create_app()) as http:
        answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"code": "404000000", "developerMessage": "Not Found"}


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
    known = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "headers")
        for name in document["components"][kind]
    }
    assert found
    assert found <= known
    assert document["openapi"].startswith("3.")


@pytest.mark.parametrize(
    ("path", "model", "example", "types"),
    [
        ("/failover", CreateFlow, examples.STANDARD, ["Viber", "Voice", "Sms"]),
        (CREATE, CreateTransactionalFlow, examples.TRANSACTIONAL, ["Viber", "Sms"]),
    ],
)
def test_creating_has_the_contracts_example(
    document: Any,
    path: str,
    model: type[CreateFlow | CreateTransactionalFlow],
    example: Any,
    types: list[str],
) -> None:
    """The requests of §2.7 and §3.3, which the models themselves accept."""
    assert schema(document, document["paths"][path]["post"]["requestBody"])["examples"] == [example]
    assert [step.type for step in model.model_validate(example).flow] == types


def test_what_was_created_has_the_contracts_examples(document: Any) -> None:
    """The responses of §2.7 and §3.3, which the model itself gives back unchanged."""
    answers = [examples.TRANSACTIONAL_CREATED, examples.STANDARD_CREATED]
    for path in ("/failover", CREATE):
        answered = document["paths"][path]["post"]["responses"]["200"]
        assert schema(document, answered)["examples"] == answers
    for answer in answers:
        read = FlowCreated.model_validate(answer)
        assert read.model_dump(mode="json", exclude_none=True) == answer


@pytest.mark.parametrize("path", ["/failover", CREATE])
def test_a_flow_is_a_list_of_one_to_ten(document: Any, path: str) -> None:
    """As the endpoint has it."""
    body = schema(document, document["paths"][path]["post"]["requestBody"])
    flow = body["properties"]["flow"]
    assert (flow["minItems"], flow["maxItems"]) == (1, 10)
    assert body["required"] == ["flow"]


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/failover", {"200", "400", "403", "404", "422", "503"}),
        ("post", CREATE, {"200", "400", "403", "404", "422", "503"}),
        ("get", "/failover/tracking/{tracking_id}", {"200", "403", "404", "503"}),
        ("post", "/failover/{tracking_id}/cancel", {"200", "403", "404", "409", "503"}),
        ("get", "/callbacks", {"200", "400", "403", "503"}),
        ("post", "/callbacks/replay", {"202", "400", "403", "503"}),
        ("get", "/callbacks/{callback_id}", {"200", "403", "404", "503"}),
        ("post", "/callbacks/{callback_id}/replay", {"202", "403", "404", "409", "503"}),
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
    refused = {
        answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for answer in document["components"]["responses"].values()
    }
    assert refused == {"Problem", "InvalidToken", "TokenRefused"}


def test_every_refusal_is_an_answer_that_endpoints_share(document: Any) -> None:
    """One for each kind, whatever endpoint gives it; only health has one of its own."""
    refused = {
        path: answer
        for path, each in document["paths"].items()
        for operation in each.values()
        for status, answer in operation["responses"].items()
        if status[0] != "2" and "$ref" not in answer
    }
    assert refused.keys() == {"/health/ready"}


def test_what_needs_a_token_says_so(document: Any) -> None:
    """By the bearer scheme; the token itself is had by the basic one, the rest has none."""
    schemes = document["components"]["securitySchemes"]
    guarded = {
        (method, path): [schemes[name]["scheme"] for each in operation["security"] for name in each]
        for path, each in document["paths"].items()
        for method, operation in each.items()
        if operation.get("security")
    }
    assert guarded.pop(("post", "/oauth/token")) == ["basic"]
    needing = [each for each in OPERATIONS if each[1].startswith(("/failover", "/callbacks"))]
    assert guarded == dict.fromkeys(needing, ["bearer"])


def test_the_parameters_are_named(document: Any) -> None:
    """The tracking id in the path, the Idempotency-Key in a header, the search in the query."""
    for path in ("/failover", CREATE):
        create = document["paths"][path]["post"]["parameters"]
        named = [(each["in"], each["name"].lower()) for each in create]
        assert named == [("header", "idempotency-key")]
    listed = document["paths"]["/failover/tracking"]
    paging = {"dateStart", "dateEnd", "page", "size", "sort", "flowKind"}
    filters = {"trackingId", "status", "type", "to", "terminationChannel"}
    for method, expected in (("post", paging), ("get", paging | filters)):
        assert {each["name"] for each in listed[method]["parameters"]} == expected
    for path in ("/failover/tracking/{tracking_id}", "/failover/{tracking_id}/cancel"):
        ((_, operation),) = document["paths"][path].items()
        ((name, place),) = {(each["name"], each["in"]) for each in operation["parameters"]}
        assert (name, place) == ("tracking_id", "path")
    listed = document["paths"]["/callbacks"]["get"]["parameters"]
    assert [each["name"] for each in listed] == ["state", "since", "page", "size"]


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (CallbackView, examples.TOLD),
        (CallbackInFull, examples.TOLD_IN_FULL),
        (ReplayTaken, examples.REPLAY_TAKEN),
    ],
)
def test_the_examples_of_callbacks_are_what_the_models_say(model: type[Wire], example: Any) -> None:
    """Read and given back unchanged."""
    assert model.model_validate(example).model_dump(mode="json") == example
