"""Every row of the table, played on a running service."""

import asyncio

import pytest

from sandbox.scripts import ROWS, row_for
from tests.sandbox.bench import Receiver, Service
from tests.sandbox.plays import CASES, CHANNELS, REPORTS, VALIDITY, Plays, answers_to, reports_of


@pytest.fixture(scope="module")
async def plays(playing: asyncio.Task[Plays]) -> Plays:
    """What all messages did."""
    return await playing


@pytest.mark.parametrize(("digits", "channel"), CASES)
def test_a_message_reports_its_script_and_nothing_else(
    plays: Plays, digits: str, channel: str
) -> None:
    """In order, exactly once each; silent rows stay silent for as long as the slowest one plays."""
    got = [report.status for report in plays[digits, channel].reports]
    assert got == reports_of(digits, channel)


@pytest.mark.parametrize(("digits", "channel"), CASES)
def test_a_request_is_answered_as_its_row_says(plays: Plays, digits: str, channel: str) -> None:
    """And the service's own record of requests tells the same."""
    play = plays[digits, channel]
    assert play.answers == answers_to(digits, channel)
    assert play.requests == list(enumerate(play.answers, 1))
    assert play.arrived == 1


@pytest.mark.parametrize(
    ("digits", "channel", "reason"),
    [
        ("0102", "Viber", "Not Viber User"),
        ("0105", "Sms", "Unknown Number"),
        ("0105", "Viber", None),
        ("0101", "Sms", None),
    ],
)
def test_a_report_gives_the_reason_where_there_is_one(
    plays: Plays, digits: str, channel: str, reason: str | None
) -> None:
    """The reason is null on all others."""
    assert plays[digits, channel].reports[0].body["reason"] == reason


def test_a_late_row_keeps_its_times(plays: Plays) -> None:
    """0107: Viber 5 s past the ttl, Sms 15 s after its accept, Voice after 15 s of ringing."""
    viber, sms, voice = (plays["0107", channel] for channel in ("Viber", "Sms", "Voice"))
    assert 5 + VALIDITY <= viber.reports[0].at - viber.sent < 7
    assert 15 <= sms.reports[1].at - sms.sent < 17
    assert 14.9 <= voice.reports[1].at - voice.reports[0].at < 17


def test_the_first_report_follows_soon(plays: Plays) -> None:
    """50 to 300 ms after the accept; how late a busy machine may make it is not held."""
    play = plays["0101", "Sms"]
    assert play.reports[0].at - play.sent >= 0.05


@pytest.mark.parametrize("digits", ["0110", "0112"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_send_that_goes_wrong_is_delivered_two_seconds_later(
    plays: Plays, digits: str, channel: str
) -> None:
    """The message was accepted, whatever the client made of the answer."""
    play = plays[digits, channel]
    assert 2 <= play.reports[0].at - play.sent < 4


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_report_can_beat_the_answer(plays: Plays, channel: str) -> None:
    """0109: the report is there before the send is answered."""
    play = plays["0109", channel]
    assert play.reports[0].at < play.answered


async def test_the_answer_waits_for_the_answer_to_its_report(
    service: Service, receiver: Receiver
) -> None:
    """0109: as long as the report is not answered, neither is the send."""
    message = service.message("+306900000109")
    gate = receiver.closed_gates[f"/{message['reference']}"] = asyncio.Event()
    sending = asyncio.create_task(service.send(message))
    await service.reports(message, 1)
    done, _ = await asyncio.wait({sending}, timeout=0.3)
    assert not done
    gate.set()
    assert (await sending).status_code == 202


@pytest.mark.parametrize("to", ["0103@pbx.test", "sip:desk0103@pbx9999.test:5060"])
async def test_a_sip_address_chooses_by_its_user(service: Service, to: str) -> None:
    """The digits of the host do not count."""
    message = service.message(to, channel="Voice")
    assert (await service.send(message)).status_code == 202
    assert [report.status for report in await service.reports(message, 1)] == ["busy"]


def test_every_row_is_played_here() -> None:
    """A row added to the table needs a line in this test."""
    assert set(ROWS) == set(REPORTS) - {"9999"}
    assert row_for("+306900009999") is ROWS["0101"]
