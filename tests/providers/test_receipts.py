"""Where receipts never come."""

import pytest

from domain.status import Channel, Status
from providers.receipts import BadTable, Receipts, Silent

TABLE = Receipts.read("kannel US: delivered; vonage *: failover\nvonage GR : delivered;")
GREEK, AMERICAN = "+306900000101", "+12025550143"


def test_a_country_comes_before_every_country() -> None:
    """And a provider that is not named is expected to report."""
    assert TABLE.of("vonage", GREEK) is Silent.DELIVERED
    assert TABLE.of("vonage", AMERICAN) is Silent.FAILOVER
    assert TABLE.of("kannel", AMERICAN) is Silent.DELIVERED
    assert TABLE.of("kannel", GREEK) is None
    assert TABLE.of("infobip", AMERICAN) is None
    assert TABLE.of("vonage", "pbx@acme.test") is Silent.FAILOVER


def test_what_was_taken_counts_as_the_table_says() -> None:
    """Delivered at once, or queued, as ever."""
    assert TABLE.on_accept("kannel", AMERICAN, Channel.SMS) is Status.DELIVERED
    assert TABLE.on_accept("vonage", GREEK, Channel.VOICE) is Status.COMPLETED
    assert TABLE.on_accept("vonage", AMERICAN, Channel.SMS) is Status.QUEUED
    assert TABLE.on_accept("kannel", GREEK, Channel.SMS) is Status.QUEUED


@pytest.mark.parametrize("text", ["kannel", "kannel US", "kannel us: delivered", "kannel US: no"])
def test_what_is_no_such_table_is_said_so(text: str) -> None:
    """With an example."""
    with pytest.raises(BadTable, match="kannel US: delivered"):
        Receipts.read(text)
