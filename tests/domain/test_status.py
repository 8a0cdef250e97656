"""The vocabulary and the ladders."""

import pytest

from domain.status import UNDER_WAY, Channel, Status, is_final, ladder, named, rises

LADDERS = {
    (Channel.SMS, False): ladder(Channel.SMS),
    (Channel.VIBER, False): ladder(Channel.VIBER),
    (Channel.VIBER, True): ladder(Channel.VIBER, until_seen=True),
    (Channel.VOICE, False): ladder(Channel.VOICE),
}

OF_CHANNEL = {
    Channel.SMS: "Queued Sent Delivered Undelivered Failed Unsent",
    Channel.VIBER: "Queued Sent Delivered Seen Undelivered Expired Failed Unsent",
    Channel.VOICE: "Queued Initiated Ringing InProgress Completed Busy NoAnswer Failed Unsent "
    "Terminated",
}


@pytest.mark.parametrize(("channel", "until_seen"), LADDERS)
def test_a_ladder_holds_every_status_of_its_channel_once(
    channel: Channel, until_seen: bool
) -> None:
    """The statuses of contract.md §7.3, with Sent for Viber providers that tell it."""
    rungs = LADDERS[channel, until_seen]
    assert len(set(rungs)) == len(rungs)
    assert set(rungs) == set(map(Status, OF_CHANNEL[channel].split()))


@pytest.mark.parametrize(("channel", "until_seen"), LADDERS)
def test_what_is_final_stands_above_what_is_not(channel: Channel, until_seen: bool) -> None:
    """So no report of a message under way can reopen a step."""
    finals = [is_final(status, until_seen) for status in LADDERS[channel, until_seen]]
    assert finals == sorted(finals)


@pytest.mark.parametrize("channel", Channel)
def test_the_failures_stand_below_the_success(channel: Channel) -> None:
    """A message that was delivered once has been delivered."""
    successes = {Status.DELIVERED, Status.SEEN, Status.COMPLETED}
    succeeded = [status in successes for status in ladder(channel)]
    assert succeeded == sorted(succeeded)


def test_until_it_is_seen_delivered_stands_below_the_failures() -> None:
    """expireOnDelivery: only Seen is above Expired."""
    assert ladder(Channel.VIBER, until_seen=True)[-2:] == (Status.EXPIRED, Status.SEEN)
    assert rises(Channel.VIBER, True, Status.DELIVERED, Status.EXPIRED)
    assert not rises(Channel.VIBER, False, Status.DELIVERED, Status.EXPIRED)
    assert not is_final(Status.DELIVERED, until_seen=True)


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE])
def test_only_viber_waits_to_be_seen(channel: Channel) -> None:
    """The other channels have one ladder."""
    assert ladder(channel, until_seen=True) == ladder(channel)


@pytest.mark.parametrize(("channel", "until_seen"), LADDERS)
def test_only_what_stands_higher_rises(channel: Channel, until_seen: bool) -> None:
    """From nothing to every rung, from each to those above it, never to another channel's."""
    rungs = LADDERS[channel, until_seen]
    for new in Status:
        assert rises(channel, until_seen, None, new) == (new in rungs)
    for low, old in enumerate(rungs):
        above = {new for new in Status if rises(channel, until_seen, old, new)}
        assert above == set(rungs[low + 1 :])


def test_a_step_without_a_status_or_under_way_is_not_final() -> None:
    """Everything else is."""
    assert not is_final(None)
    assert {status for status in Status if not is_final(status)} == UNDER_WAY


@pytest.mark.parametrize(
    ("channel", "status", "name"),
    [
        (Channel.VIBER, Status.DELIVERED, "DELIVERED"),
        (Channel.VIBER, Status.QUEUED, "QUEUED"),
        (Channel.SMS, Status.UNDELIVERED, "Undelivered"),
        (Channel.VOICE, Status.NO_ANSWER, "NoAnswer"),
    ],
)
def test_viber_is_spelt_in_capitals(channel: Channel, status: Status, name: str) -> None:
    """The others in title case (contract.md §6.3)."""
    assert named(channel, status) == name
