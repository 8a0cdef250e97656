"""Reports that are not simply taken: repeated, dropped, given up."""

from itertools import islice, pairwise

import pytest
from structlog.testing import capture_logs

from sandbox import reporting
from tests.sandbox.bench import Receiver, Service


def test_pauses_double_up_to_half_a_minute() -> None:
    """0.5, 1, 2, 4, 8, 16, then 30 seconds each."""
    assert list(islice(reporting.pauses(), 9)) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


async def test_a_report_is_repeated_until_it_is_answered(
    service: Service, receiver: Receiver
) -> None:
    """After a 503, and after no answer; the script's next report waits for it."""
    message = service.message()
    receiver.answers[f"/{message['reference']}"] = [503, 0]
    await service.send(message)
    reports = await service.reports(message, 4)
    assert [report.status for report in reports] == ["sent", "sent", "sent", "delivered"]
    assert reports[0].body == reports[1].body == reports[2].body
    first, second, _ = (after.at - before.at for before, after in pairwise(reports))
    assert 0.5 <= first < 0.9
    assert 1.0 <= second < 1.5


@pytest.mark.parametrize("refusal", [404, 429, 302])
async def test_a_refused_report_is_dropped_and_logged(
    service: Service, receiver: Receiver, refusal: int
) -> None:
    """4xx is not repeated and a redirect is not followed; the script goes on."""
    message = service.message()
    receiver.answers[f"/{message['reference']}"] = [refusal]
    with capture_logs() as logs:
        await service.send(message)
        reports = await service.reports(message, 2)
    assert [report.status for report in reports] == ["sent", "delivered"]
    assert receiver.got("/elsewhere") == []
    assert [(log["event"], log["answer"]) for log in logs] == [("report dropped", refusal)]


async def test_a_report_is_given_up_in_the_end(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a patience of 1 s instead of 10 min: tried at once and after 0.5 s, then no more."""
    monkeypatch.setattr(reporting, "_PATIENCE", 1.0)
    message = service.message()
    receiver.answers[f"/{message['reference']}"] = [500, 500]
    with capture_logs() as logs:
        await service.send(message)
        reports = await service.reports(message, 3)
    assert [report.status for report in reports] == ["sent", "sent", "delivered"]
    assert [(log["event"], log["status"]) for log in logs] == [("report given up", "sent")]
