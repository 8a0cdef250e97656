"""Report addresses: ours alone, one step's alone, for one provider alone."""

import base64
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UnknownReport
from domain.flow import StepRef
from providers.token import Addressed, ReportTokens
from storage.keys import Keyring
from tests.conftest import KEYS

TOKENS = ReportTokens(Keyring.parse(KEYS))
ADDRESSED = Addressed(StepRef(account="acme", tracking_id=str(uuid4()), order=2), on_step=True)


@given(
    account=st.text(min_size=1, max_size=64),
    tracking_id=st.uuids(),
    order=st.integers(1, 10),
    on_step=st.booleans(),
)
def test_a_token_says_what_it_was_made_of(
    account: str, tracking_id: object, order: int, on_step: bool
) -> None:
    """Account, flow, step, and whether the client hears of every change."""
    addressed = Addressed(
        StepRef(account=account, tracking_id=str(tracking_id), order=order), on_step
    )
    token = TOKENS.make("sandbox", addressed, expires=1000)
    assert TOKENS.read("sandbox", token, now=999) == addressed
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_token_expires() -> None:
    """Reports of last year move nothing."""
    token = TOKENS.make("sandbox", ADDRESSED, expires=1000)
    with pytest.raises(UnknownReport):
        TOKENS.read("sandbox", token, now=1001)


def test_a_token_is_one_providers() -> None:
    """Another provider cannot report with it."""
    token = TOKENS.make("sandbox", ADDRESSED, expires=1000)
    with pytest.raises(UnknownReport):
        TOKENS.read("kannel", token, now=0)


@given(st.data())
def test_no_changed_token_is_read(data: st.DataObject) -> None:
    """Any other character anywhere."""
    token = TOKENS.make("sandbox", ADDRESSED, expires=1000)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_.").filter(lambda each: each != token[place]))
    changed = token[:place] + letter + token[place + 1 :]
    try:
        read = TOKENS.read("sandbox", changed, now=0)
    except UnknownReport:
        return
    # base64's last letter has bits that mean nothing.
    assert read == ADDRESSED
    assert place == len(token) - 1


@given(st.text(max_size=200))
def test_no_invented_token_is_read(token: str) -> None:
    """And none of them raises anything else."""
    with pytest.raises(UnknownReport):
        TOKENS.read("sandbox", token, now=0)


def test_an_older_keys_token_is_read_after_a_rotation() -> None:
    """Reports of flows in flight find their step."""
    token = TOKENS.make("sandbox", ADDRESSED, expires=1000)
    fresh = "k2:" + base64.b64encode(b"2" * 32).decode()
    rotated = ReportTokens(Keyring.parse(f"{fresh},{KEYS}"))
    assert rotated.read("sandbox", token, now=0) == ADDRESSED
    with pytest.raises(UnknownReport):
        TOKENS.read("sandbox", rotated.make("sandbox", ADDRESSED, expires=1000), now=0)
