"""The OpenAPI document: what each endpoint answers, and what the framework says otherwise."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import Field

from api.errors import ANSWERS, Problem
from api.requests import HEADER
from domain import errors
from domain.wire import Wire

Responses = dict[int | str, dict[str, Any]]


class InvalidToken(Wire):
    """What a client without a valid access token reads."""

    error: str
    error_description: str = Field(alias="error_description")


class TokenRefused(Wire):
    """What a client with wrong credentials reads of the token endpoint."""

    timestamp: datetime
    status: int
    error: str
    message: str
    path: str


_MODELS: dict[type[errors.Refusal], type[Wire]] = {
    errors.Unauthenticated: InvalidToken,
    errors.BadCredentials: TokenRefused,
}

_CHALLENGE = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
_RETRY = {
    "Retry-After": {
        "required": True,
        "description": "Seconds after which the same request may be sent again",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_HEADERS = {401: _CHALLENGE, 429: _RETRY, 503: _RETRY}

_SHARED = "x-shared"
"""The name under which an answer stands among the components: many endpoints give it."""

GUARDED = (
    errors.Unauthenticated,
    errors.Forbidden,
    errors.TooManyRequests,
    errors.Unavailable,
)
"""What every endpoint that needs a token may answer."""

READING = (errors.InvalidRequest, errors.TooSlow, errors.TooLarge)
"""What every endpoint that reads a body may answer."""


def answers(*refusals: type[errors.Refusal]) -> Responses:
    """The refusals as the framework takes them, one answer for each status."""
    responses: Responses = {}
    for refusal in sorted(refusals, key=lambda each: ANSWERS[each].status):
        status = ANSWERS[refusal].status
        sentence = str(refusal.__doc__).partition("\n")[0].partition(";")[0].rstrip(".") + "."
        if status in responses:
            responses[status]["description"] += f" {sentence}"
            responses[status][_SHARED] += f"Or{refusal.__name__}"
            continue
        responses[status] = {
            "model": _MODELS.get(refusal, Problem),
            "description": sentence,
            _SHARED: refusal.__name__,
        }
        if status in _HEADERS:
            responses[status]["headers"] = dict(_HEADERS[status])
    return responses


def leading_to(*links: str, at: str = "/trackingId", parameter: str = "tracking_id") -> Responses:
    """That an id in the 200's body, its tracking id or another, is a parameter of those."""
    parameters = {parameter: f"$response.body#{at}"}
    return {
        200: {"links": {link: {"operationId": link, "parameters": parameters} for link in links}}
    }


class Documented(FastAPI):
    """The framework's application, its document corrected."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, generate_unique_id_function=_name)

    def openapi(self) -> dict[str, Any]:
        """The document. It is made once."""
        if not self.openapi_schema:
            document = super().openapi()
            _correct(document)
            self.openapi_schema = document
        return self.openapi_schema


def _name(route: APIRoute) -> str:
    return route.name


_FRAMEWORKS = ("HTTPValidationError", "ValidationError")


def _correct(document: dict[str, Any]) -> None:
    components = document["components"]
    for name in _FRAMEWORKS:
        components["schemas"].pop(name, None)
    token = components["schemas"]["Body_issue_token"]
    token["required"] = ["grant_type"]  # its absence is refused in words of our own
    del token["properties"]["grant_type"]["default"]
    components["securitySchemes"]["HTTPBasic"] = {"type": "http", "scheme": "basic"}
    components["headers"] = {
        "RequestId": {
            "description": "The request's name in our logs; a client may give its own",
            "required": True,
            "schema": {"type": "string"},
        }
    }
    components["responses"] = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            _correct_operation(operation)
            _share(operation["responses"], components["responses"])
    for schema in _schemas([document["paths"], components]):
        _correct_schema(schema)


def _correct_operation(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]  # what is invalid gets a 400
    for response in responses.values():
        response.setdefault("headers", {})[HEADER] = {"$ref": "#/components/headers/RequestId"}
    for parameter in operation.get("parameters", ()):
        parameter["schema"].pop("description", None)  # stands on the parameter
        if parameter["in"] == "query":
            parameter["allowEmptyValue"] = True
        _without_null(parameter["schema"])


def _share(responses: dict[str, Any], shared: dict[str, Any]) -> None:
    for status, response in responses.items():
        if name := response.pop(_SHARED, None):
            shared[name] = response
            responses[status] = {"$ref": f"#/components/responses/{name}"}


def _without_null(schema: dict[str, Any]) -> None:
    """Nothing but a body can hold null."""
    forms = [form for form in schema.get("anyOf", ()) if form != {"type": "null"}]
    if len(forms) == 1:
        del schema["anyOf"]
        schema |= forms[0]
    elif forms:
        schema["anyOf"] = forms


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside, the examples' apart."""
    if isinstance(value, dict):
        yield value
        value = [inner for name, inner in value.items() if name not in ("examples", "default")]
    if isinstance(value, list):
        for inner in value:
            yield from _schemas(inner)


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def _correct_schema(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("title"), str):
        del schema["title"]  # the name once more, or a worse one: Failoveronstatuses
    for bound in _BOUNDS:
        if isinstance(schema.get(bound), float) and schema[bound].is_integer():
            schema[bound] = int(schema[bound])
