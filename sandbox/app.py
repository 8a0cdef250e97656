"""The service's HTTP: send, ask, look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from sandbox import page
from sandbox.answers import problem
from sandbox.desk import Desk
from sandbox.phones import Message, Phones
from sandbox.record import Record, Remembered
from sandbox.wire import Answered, Send


async def _desk(request: Request) -> Desk:
    return cast(Desk, request.app.state.desk)


TheDesk = Annotated[Desk, Depends(_desk)]

router = APIRouter()


@router.post("/messages", response_model=None)
async def send(body: Send, desk: TheDesk) -> Response:
    """Take a message: 202 {messageId, status}, or whatever the recipient's script does."""
    return await desk.take(body)


@router.get("/messages", response_model=None)
async def message_by_reference(
    reference: Annotated[str, Query(min_length=1)], desk: TheDesk
) -> Response:
    """The message last accepted under a reference: {messageId, reference, status, reason}."""
    return _found(desk.phones.latest(reference))


@router.get("/messages/{message_id}", response_model=None)
async def message_by_id(message_id: str, desk: TheDesk) -> Response:
    """One message: {messageId, reference, status, reason}."""
    return _found(desk.phones.standing(message_id))


@router.post("/messages/{message_id}/replies", response_model=None)
async def reply(message_id: str, body: Answered, desk: TheDesk) -> Response:
    """Answer a message as its recipient would: 202 {replyId, messageId, text}."""
    message = desk.phones.message(message_id)
    return problem(404, "unknown message") if message is None else desk.reply(message, body.text)


@router.get("/inbox", response_model=None)
async def inbox(desk: TheDesk, to: str | None = None) -> Response:
    """What arrived, oldest first, for everyone or for one recipient."""
    # A + that was not escaped in a query arrives as a space, and no recipient holds one.
    wanted = to and to.replace(" ", "+")
    return JSONResponse([message.listed() for message in desk.phones.inbox(wanted)])


@router.get("/requests", response_model=None)
async def requests(desk: TheDesk) -> Response:
    """Every request to send, oldest first: [{reference, attempt, at, answered}]."""
    return JSONResponse([attempt.shown() for attempt in desk.phones.attempts])


@router.get("/", response_model=None)
async def phones(desk: TheDesk) -> HTMLResponse:
    """The phones, for people."""
    return page.render(desk.phones.inbox())


@router.get("/health")
async def health() -> dict[str, str]:
    """Whether the service is up."""
    return {"status": "ok"}


def create_app(
    *, report_origin: str, dedupes: bool = True, record: Record | None = None
) -> FastAPI:
    """The service.

    It reports to addresses of `report_origin` ("http://127.0.0.1:8080") only. With `dedupes`
    off, a repeated reference is a new message. What is on `record` is known.
    """
    desk = Desk(report_origin=report_origin, dedupes=dedupes, phones=Phones(record))

    @asynccontextmanager
    async def closing(_: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.reporter.close()

    app = FastAPI(
        title="Sandbox provider", lifespan=closing, openapi_url=None, docs_url=None, redoc_url=None
    )
    app.state.desk = desk
    app.include_router(router)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    return app


def _found(message: Message | Remembered | None) -> Response:
    return problem(404, "unknown message") if message is None else JSONResponse(message.shown())


async def _invalid(_: Request, exc: Exception) -> Response:
    first: dict[str, Any] = cast(RequestValidationError, exc).errors()[0]
    # The path's first part says where it was (body, query); broken JSON has only a position.
    path = () if first["type"] == "json_invalid" else first["loc"][1:]
    said = first["msg"].removeprefix("Value error, ")
    return problem(400, f"{'.'.join(map(str, path)) or 'body'}: {said}")


async def _refused(_: Request, exc: Exception) -> Response:
    refusal = cast(HTTPException, exc)
    return problem(refusal.status_code, str(refusal.detail))
