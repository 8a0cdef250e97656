"""A long Sms that is reported part by part has one status."""

from hypothesis import given
from hypothesis import strategies as st

from domain.multipart import whole
from domain.status import Channel, Status, is_final, ladder

STATUSES = st.sampled_from(ladder(Channel.SMS))


@given(st.dictionaries(st.integers(1, 5), STATUSES, max_size=5))
def test_it_is_delivered_only_if_every_part_is(parts: dict[int, Status]) -> None:
    """Parts that were not reported yet are not delivered."""
    every = len(parts) == 5 and set(parts.values()) == {Status.DELIVERED}
    assert (whole(parts, 5) is Status.DELIVERED) is every


@given(st.dictionaries(st.integers(1, 5), STATUSES, max_size=5))
def test_one_failed_part_fails_it(parts: dict[int, Status]) -> None:
    """Whatever the others are; of several failures the highest counts, as for a single Sms."""
    failed = {each for each in parts.values() if is_final(each)} - {Status.DELIVERED}
    found = whole(parts, 5)
    if failed:
        assert found is max(failed, key=ladder(Channel.SMS).index)
    else:
        assert found in (None, Status.DELIVERED)
