"""405: which methods a path has (RFC 9110)."""

import pytest

from tests.api.bench import Api


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/failover/tracking", "GET, POST"),
        ("/failover/tracking/1", "GET"),
        ("/failover", "POST"),
        ("/callbacks", "GET"),
        ("/callbacks/msg_1-1", "GET"),
        ("/callbacks/replay", "POST"),
        ("/callbacks/msg_1-1/replay", "POST"),
        ("/reports/sandbox/token", "GET, POST"),
        ("/inbound/sandbox", "POST"),
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "TRACE"])
async def test_another_method_is_told_those_that_there_are(
    alone: Api, path: str, methods: str, method: str
) -> None:
    """All of the path's, not only those of the first route that has it."""
    answer = await alone.http.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == methods
    assert answer.json() == {"code": "405000000", "developerMessage": "Method Not Allowed"}
