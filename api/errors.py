"""The one table from errors to HTTP (contract.md §1.4, §1.5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.requests import HEADER
from domain import errors
from domain.wire import Wire, iso


@dataclass(frozen=True)
class Answer:
    """A status and a Routee code: HTTP status, module and error, three digits each."""

    status: int
    code: str


ANSWERS: Mapping[type[errors.Refusal], Answer] = {
    errors.InvalidRequest: Answer(400, "400000000"),
    errors.Unauthenticated: Answer(401, "401000000"),
    errors.BadCredentials: Answer(401, "401000000"),
    errors.Forbidden: Answer(403, "403000000"),
    errors.UnknownFlow: Answer(404, "404000000"),
    errors.UnknownReport: Answer(404, "404000000"),
    errors.UnknownSender: Answer(404, "404020000"),
    errors.AlreadyFinal: Answer(409, "409000000"),
    errors.KeyReused: Answer(422, "422000000"),
    errors.Unavailable: Answer(503, "503000000"),
}

RETRY_AFTER = "1"

_log = structlog.get_logger()


class Problem(Wire):
    """What a client reads of an error. `properties` maps a member's path to a sentence."""

    code: str
    developer_message: str
    properties: dict[str, str] | None = None
    tracking_id: str | None = None


def install(app: FastAPI) -> None:
    """Have the application answer by this table."""
    app.add_exception_handler(errors.Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(RecursionError, _too_deep)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, _bug)


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.Refusal)  # noqa: S101  the handler's registration says so
    answer = ANSWERS[type(error)]
    match error:
        case errors.Unauthenticated():
            return JSONResponse(
                {"error": "invalid_token", "error_description": error.sentence},
                answer.status,
                {"WWW-Authenticate": "Bearer"},
            )
        case errors.BadCredentials():
            return _bad_credentials(request, answer, error)
        case errors.InvalidRequest():
            return _problem(answer, error.sentence, properties=error.properties)
        case errors.Unavailable():
            headers = {"Retry-After": RETRY_AFTER}
            return _problem(answer, error.sentence, headers, tracking_id=error.tracking_id)
        case _:
            return _problem(answer, error.sentence)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  as above
    return _problem(
        ANSWERS[errors.InvalidRequest], "Validation Error!", properties=properties(error.errors())
    )


async def _too_deep(request: Request, error: Exception) -> JSONResponse:
    # Nothing but a body can be that deep: the rest of what we read is flat.
    found = {"body": "Nested too deeply"}
    return _problem(ANSWERS[errors.InvalidRequest], "Validation Error!", properties=found)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  as above
    answer = Answer(error.status_code, f"{error.status_code}000000")
    return _problem(answer, str(error.detail), dict(error.headers or {}))


async def _hung_up(request: Request, error: Exception) -> JSONResponse:
    # Nobody hears the answer; the log shows the status.
    return _problem(ANSWERS[errors.InvalidRequest], "The connection was closed")


async def _bug(request: Request, error: Exception) -> JSONResponse:
    request_id = request.state.request_id
    _log.error("bug", request_id=request_id, exc_info=error)
    return _problem(Answer(500, "500000000"), "Internal error", {HEADER: request_id})


def _problem(
    answer: Answer, sentence: str, headers: Mapping[str, str] | None = None, **members: Any
) -> JSONResponse:
    problem = Problem(code=answer.code, developer_message=sentence, **members)
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, answer.status, dict(headers or {}))


def _bad_credentials(request: Request, answer: Answer, error: errors.Refusal) -> JSONResponse:
    content = {
        "timestamp": iso(datetime.now(UTC)),
        "status": answer.status,
        "error": "Unauthorized",
        "message": error.sentence,
        "path": request.url.path,
    }
    return JSONResponse(content, answer.status, {"WWW-Authenticate": 'Basic realm="oauth"'})


MOST_FAULTS = 100
"""How many wrong members are named: a body of ten thousand wrong steps gets no answer to match."""

_TAGS = frozenset({"Sms", "Viber", "Voice", "SAY", "PLAY"})
_ALONE = frozenset({"dialPlan", "dialplan"})


def properties(faults: Sequence[Any]) -> dict[str, str]:
    """Pydantic's errors as the contract's `properties`: flow[0].ttl → a sentence. No values."""
    return {_path(fault): _sentence(fault) for fault in faults[:MOST_FAULTS]}


def _path(fault: Mapping[str, Any]) -> str:
    path = ""
    if fault["type"] == "json_invalid":
        return "body"
    for part in _written(fault["loc"]):
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    path = path.removeprefix("body.").removeprefix("query.").removeprefix("header.")
    return f"{path}.type" if fault["type"] == "type" else path


def _written(location: Sequence[str | int]) -> Iterator[str | int]:
    """The parts that the client wrote: no unions' tags, no list around a lone dial plan."""
    for before, part in zip((None, *location), location, strict=False):
        tag = part in _TAGS and isinstance(before, int)
        if not tag and not (isinstance(part, int) and before in _ALONE):
            yield part


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return f"Malformed JSON at character {fault['loc'][-1]}"
    sentence = str(fault["msg"]).removeprefix("Value error, ")
    return sentence.replace("Tuple", "List").replace("tuple", "list")
