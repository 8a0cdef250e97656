"""The sandbox keeps the providers' contract."""

from pathlib import Path

import pytest

from providers.sandbox import STATUSES, Sandbox
from tests.providers.contract import Case, ProviderContract


class TestSandbox(ProviderContract):
    """Every case of the contract."""

    @pytest.fixture
    def case(self) -> Case:
        """The sandbox's."""
        return Case(
            provider=Sandbox("http://127.0.0.1:8090/"),
            statuses=STATUSES,
            samples=Path(__file__).parent / "samples" / "sandbox",
            accepted=b'{"messageId": "m1", "status": "queued"}',
            message_id="m1",
        )

    def test_a_report_carries_its_reason_and_id(self, case: Case) -> None:
        """Cut, for they end in histories."""
        raw = case.report("undelivered")
        body = raw.body.replace(b'"reason":null', b'"reason":"Not Viber User"')

        (told,) = case.provider.read_reports(type(raw)({}, body))

        assert told.reason == "Not Viber User"
        assert told.message_id == "5a0d1a70-6f1d-4b8e-a0a9-3c7f1ad1f210"
