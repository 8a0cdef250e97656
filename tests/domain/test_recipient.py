"""Numbers and SIP addresses: read leniently, shown masked."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.recipient import country, e164, masked, sip_address


@pytest.mark.parametrize(
    "written",
    [
        "+306900000101",
        "306900000101",
        "+30 690 000 0101",
        " 30 (690) 000-01.01 ",
        "+30\t6900000101",
    ],
)
def test_a_number_is_read_leniently(written: str) -> None:
    """With or without +, with what people put between digits (contract.md §2.2)."""
    assert e164(written) == "+306900000101"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "+",
        "abc",
        "++306900000101",
        "30+6900000101",
        "+30690",
        "+3069000001011234",
        "+9996900000101",
        "0306900000101",
        "+٣٠٦٩٠٠٠٠٠١٠١",
        "+30690000010a",
        "tel:+306900000101",
        "+306900000101;ext=5",
    ],
)
def test_what_no_country_could_hold_is_refused(written: str) -> None:
    """With one sentence for every reason, and without the number."""
    with pytest.raises(ValueError, match=r"^Invalid mobile number$"):
        e164(written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1111@pbx.test:5060", "1111@pbx.test:5060"),
        ("1111@pbx.test", "1111@pbx.test"),
        (" sip:desk@10.0.0.7:5060 ", "desk@10.0.0.7:5060"),
    ],
)
def test_a_sip_address_is_user_at_host(written: str, read: str) -> None:
    """A scheme and blanks around it are dropped."""
    assert sip_address(written) == read


@pytest.mark.parametrize(
    "written",
    ["pbx.test", "@pbx.test", "1111@", "a b@pbx.test", "a@b@c", "a\0b@pbx.test", "İ@pbx.test", ""],
)
def test_another_form_of_sip_address_is_refused(written: str) -> None:
    """The sentence says which form is wanted."""
    with pytest.raises(ValueError, match="expected user@host"):
        sip_address(written)


@pytest.mark.parametrize(
    ("recipient", "shown"),
    [
        ("+306900000101", "+3069****0101"),
        ("+35799123456", "+3579****3456"),
        ("+4791234567", "+47****67"),
        ("+6834000", "+68****00"),
        ("+491234", "+4****4"),
        ("1111@pbx.test:5060", "****@pbx.test:5060"),
    ],
)
def test_a_recipient_is_shown_masked(recipient: str, shown: str) -> None:
    """Enough to recognise, too little to call."""
    assert masked(recipient) == shown


@given(st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True))
@settings(deadline=None)
@example("+491234")
@example("+49302")
def test_a_mask_shows_at_most_8_digits_and_hides_at_least_3(number: str) -> None:
    """However short the number; and what it shows is the number's own beginning and end."""
    head, _, tail = masked(number).partition("****")
    shown = len(head) - 1 + len(tail)
    assert number.startswith(head)
    assert number.endswith(tail)
    assert shown <= 8
    assert len(number) - 1 - shown >= 3


@given(st.from_regex(r"[^\s@:]{1,20}", fullmatch=True))
@settings(deadline=None)
def test_the_user_of_a_sip_address_is_hidden(user: str) -> None:
    """Only the host shows."""
    assert masked(f"{user}@pbx.test") == "****@pbx.test"


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("+306900000101", "GR"),
        ("+35799123456", "CY"),
        ("+12025550123", "US"),
        ("+80012345678", None),
        ("+883510012345", None),
        ("1111@pbx.test", None),
    ],
)
def test_a_number_tells_its_country(recipient: str, code: str | None) -> None:
    """By ISO 3166-1 alpha-2; international services and SIP addresses have none."""
    assert country(recipient) == code
