"""The lines of all processes: what is in each, and that ours and the libraries' are alike."""

import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import httpx
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli import logs
from tests.cli.test_masking import ID, NUMBERS, leaks

Form = Literal["console", "json"]
FORMS: tuple[Form, ...] = ("json", "console")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.TALKATIVE}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, each in levels.items():
        logging.getLogger(name).setLevel(each)
    structlog.contextvars.clear_contextvars()


def told(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """The lines since the last look, read as JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail(text: str) -> None:
    """Raise an error about it, because of another."""
    hidden = text[::-1]
    try:
        raise KeyError(text, len(hidden))
    except KeyError as fault:
        raise ValueError(f"no such thing: {text}") from fault


def failure(text: str) -> ValueError:
    """That error, with where it came from."""
    try:
        fail(text)
    except ValueError as fault:
        return fault
    raise AssertionError


def test_a_line_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """With its moment, its level and what was bound where the flow became known."""
    logs.set_up("json")
    structlog.contextvars.bind_contextvars(request_id="r-1", tracking_id=ID)
    structlog.get_logger().info("request", status=200)
    (line,) = told(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request", "level": "info", "status": 200, "request_id": "r-1", "tracking_id": ID,
    }  # fmt: skip


def test_a_librarys_line_is_like_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """The same members, the same masking, its traceback included."""
    logs.set_up("json")
    structlog.contextvars.bind_contextvars(tracking_id=ID)
    fault = failure("306900000101")
    logging.getLogger("library").error("%s failed for %s", ID, "306900000101", exc_info=fault)
    (line,) = told(capsys)
    assert line["event"] == f"{ID} failed for ****"
    assert (line["level"], line["tracking_id"]) == ("error", ID)
    assert "ValueError: no such thing: ****" in line["exception"]
    assert "KeyError: ('****', 12)" in line["exception"]
    assert "in fail" in line["exception"]


@pytest.mark.parametrize("name", ["httpx", "httpcore", "httpcore.http11", "uvicorn.error", "any"])
def test_libraries_speak_of_warnings_only(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Below them stand whole addresses."""
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    logs.set_up("json")
    logging.getLogger(name).info("GET https://api.test/?secret=zebra")
    logging.getLogger(name).warning("GET https://api.test/?secret=zebra")
    assert [line["event"] for line in told(capsys)] == ["GET https://api.test/****"]


async def test_the_http_client_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """The real one logs the address of each request."""
    logs.set_up("json")
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("http://api.test/?secret=zebra")
    assert told(capsys) == []


def test_a_traceback_shows_no_variables(capsys: pytest.CaptureFixture[str]) -> None:
    """The console's own would print each frame's, and there is everything."""
    logs.set_up("console")
    structlog.get_logger().error("bug", exc_info=failure("stripes"))
    said = capsys.readouterr().err
    assert "ValueError: no such thing: stripes" in said
    assert "sepirts" not in said


SECRETS = st.from_regex(r"[A-Za-z0-9_-]{12,40}", fullmatch=True).map(lambda text: f"s3cr3t{text}")


@pytest.mark.parametrize("form", FORMS)
@given(NUMBERS, SECRETS, st.integers(0, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_number_and_no_secret_comes_out(
    form: Form, capsys: pytest.CaptureFixture[str], number: str, secret: str, place: int
) -> None:
    """Whoever logs it, wherever, in whatever form."""
    logs.set_up(form)
    mine, library = structlog.get_logger(), logging.getLogger("library")
    fault = failure(f"to {number} with {{'pin': '{secret}'}} and token={secret}")
    said: list[Any] = [
        lambda: mine.info(f"call {number}", token=secret, to=number, more=[{"pin": secret}]),
        lambda: mine.error("bug", exc_info=fault),
        lambda: mine.error("bug", fault=fault, number=int(number.lstrip("+"))),
        lambda: library.error("call %s with secret='%s'", number, secret, exc_info=fault),
        lambda: library.error("call %s", {"number": number, "authorization": secret}),
        lambda: mine.bind(**{f"x{number}": number, "body": secret}).warning("bound"),
    ]
    said[place]()
    out = capsys.readouterr().err
    assert out
    assert leaks(number, out) == []
    assert secret not in out
