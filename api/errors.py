"""The one table from errors to HTTP (contract.md §1.4, §1.5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.methods import allowed
from api.requests import HEADER, REFUSED
from domain import errors
from domain.viber import BAD_LAYOUT
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
    errors.InsufficientBalance: Answer(400, "400001009"),
    errors.UnknownFlow: Answer(404, "404000000"),
    errors.UnknownCallback: Answer(404, "404000000"),
    errors.UnknownReport: Answer(404, "404000000"),
    errors.UnknownSender: Answer(404, "404020000"),
    errors.TooSlow: Answer(408, "408000000"),
    errors.AlreadyFinal: Answer(409, "409000000"),
    errors.StillWaiting: Answer(409, "409000000"),
    errors.TooLarge: Answer(413, "413000000"),
    errors.KeyReused: Answer(422, "422000000"),
    errors.TooManyRequests: Answer(429, "429000000"),
    errors.Unavailable: Answer(503, "503000000"),
}

INVALID_VIBER = Answer(400, "400019000")
"""A body whose only fault is that parts of a Viber message do not go together."""

METHOD_NOT_ALLOWED = 405

RETRY_AFTER = "1"

_log = structlog.get_logger()


class InnerProblem(Wire):
    """What is wrong inside a channel's message: the channel's own error, of three digits."""

    error_code: str
    developer_message: str


class Problem(Wire):
    """What a client reads of an error. `properties` maps a member's path to a sentence."""

    code: str
    developer_message: str
    properties: dict[str, str] | None = None
    tracking_id: str | None = None
    errors: tuple[InnerProblem, ...] | None = None


def install(app: FastAPI) -> None:
    """Have the application answer by this table."""
    app.add_exception_handler(errors.Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(RecursionError, _too_deep)
    for away in (OperationalError, ProgrammingError, InterfaceError, PoolTimeout):
        app.add_exception_handler(away, _database_away)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, _bug)


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.Refusal)  # noqa: S101  the handler's registration says so
    answer = ANSWERS[type(error)]
    REFUSED.set(answer.code)
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
        case errors.TooManyRequests():
            return _problem(answer, error.sentence, {"Retry-After": str(error.retry_after)})
        case errors.Unavailable():
            headers = {"Retry-After": RETRY_AFTER}
            return _problem(answer, error.sentence, headers, tracking_id=error.tracking_id)
        case _:
            return _problem(answer, error.sentence)


def closing(error: errors.Refusal) -> JSONResponse:
    """The answer to a request that was not read to its end."""
    return _problem(ANSWERS[type(error)], error.sentence, {"Connection": "close"})


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  as above
    faults = error.errors()
    found = properties(faults)
    if all(fault["type"] == BAD_LAYOUT for fault in faults):
        inner = InnerProblem(error_code="007", developer_message=next(iter(found.values())))
        sentence = "Viber message contains invalid data"
        return _problem(INVALID_VIBER, sentence, properties=found, errors=(inner,))
    return _problem(ANSWERS[errors.InvalidRequest], "Validation Error!", properties=found)


async def _database_away(request: Request, error: Exception) -> JSONResponse:
    _log.warning("database away", fault=type(error).__name__)
    return await _refusal(
        request, errors.Unavailable("The database is away; send the request again")
    )


async def _too_deep(request: Request, error: Exception) -> JSONResponse:
    # Nothing but a body can be that deep: the rest of what we read is flat.
    found = {"body": "Nested too deeply"}
    return _problem(ANSWERS[errors.InvalidRequest], "Validation Error!", properties=found)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  as above
    answer = Answer(error.status_code, f"{error.status_code}000000")
    headers = dict(error.headers or {})
    if answer.status == METHOD_NOT_ALLOWED:
        headers["Allow"] = allowed(request)
    return _problem(answer, str(error.detail), headers)


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
    REFUSED.set(answer.code)
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
    path = path.removeprefix("body") if path.startswith("body[") else path
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
