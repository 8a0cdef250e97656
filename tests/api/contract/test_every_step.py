"""§2.2: the members that every step has."""

from typing import Any

import pytest

from tests.api.contract.bench import STANDARD, Door, Step, without
from tests.samples import sms, viber, viber_message, voice

ALLOWED: dict[str, tuple[str, ...]] = {
    "Sms": ("Undelivered", "Failed"),
    "Viber": ("Expired", "Failed", "Undelivered"),
    "Voice": ("Completed", "Busy", "NoAnswer", "Failed", "Unsent", "Terminated"),
}
DEFAULT = {**ALLOWED, "Voice": ("Busy", "NoAnswer")}
EVERY = ("Delivered", "Seen", "Sent", "Queued", *sum(ALLOWED.values(), ()))


def steps_of(door: Door) -> dict[str, Step]:
    """A step for each channel, as the endpoint takes it."""
    text = viber_message() if door.path == STANDARD else viber()
    return {"Sms": sms(), "Viber": text, "Voice": voice()}


@pytest.fixture(params=["Sms", "Viber", "Voice"])
def step(door: Door, request: pytest.FixtureRequest) -> Step:
    """A step of each channel, on each endpoint."""
    return steps_of(door)[request.param]


@pytest.mark.field("§2.2", "type")
@pytest.mark.field("§3.2", "type")
async def test_a_type_is_read_in_any_case(door: Door, step: Step) -> None:
    """And answered as the contract spells it, in tracking, too."""
    canonical = step["type"]
    for spelling in (canonical, canonical.upper(), canonical.lower(), canonical.swapcase()):
        await door.echoes({**step, "type": spelling}, {"type": canonical})
    assert (await door.shown({**step, "type": canonical.lower()}))["type"] == canonical


@pytest.mark.field("§2.2", "type")
@pytest.mark.field("§12", "32")
@pytest.mark.parametrize("given", [None, "", "Facebook", "FacebookMessenger", "ViberOtp", 7, []])
async def test_another_type_is_refused(door: Door, given: Any) -> None:
    """So is its absence."""
    assert await door.refuses(sms(type=given), "type") == "Input should be Sms, Viber or Voice"


@pytest.mark.field("§2.2", "to")
@pytest.mark.field("§3.2", "to")
@pytest.mark.parametrize("channel", ["Sms", "Viber"])
@pytest.mark.parametrize(
    "number", ["+306900000101", "306900000101", "+30 690 000 0101", " 30-690-000-0101 "]
)
async def test_a_number_is_kept_as_the_client_wrote_it(
    door: Door, channel: str, number: str
) -> None:
    """With or without + and spaces; its country is told all the same."""
    shown = await door.shown({**steps_of(door)[channel], "to": number})
    assert (shown["to"], shown["country"]) == (number, "GR")
    await door.echoes({**steps_of(door)[channel], "to": number}, {"to": number})


@pytest.mark.field("§2.2", "to")
@pytest.mark.field("§3.2", "to")
@pytest.mark.parametrize("channel", ["Sms", "Viber"])
@pytest.mark.parametrize("number", ["12", "+999123456789", "+306900000101234567", "AcmeShop", "+"])
async def test_what_is_no_number_is_refused(door: Door, channel: str, number: str) -> None:
    """In the sentence that clients know."""
    step = {**steps_of(door)[channel], "to": number}
    assert await door.refuses(step, "to") == "Invalid mobile number"


@pytest.mark.field("§2.2", "to")
@pytest.mark.field("§3.2", "to")
@pytest.mark.parametrize("channel", ["Sms", "Viber"])
@pytest.mark.parametrize("given", [None, "", " ", 306900000101, {"phone": "+306900000101"}, ["x"]])
async def test_a_number_is_a_text(door: Door, channel: str, given: Any) -> None:
    """Required; the object is Voice's."""
    await door.refuses({**steps_of(door)[channel], "to": given}, "to")


@pytest.mark.field("§2.2", "order")
@pytest.mark.field("§2.5", "order")
@pytest.mark.field("§3.2", "order")
@pytest.mark.parametrize(("given", "kept"), [(1, 1), (7, 7), ("3", 3), (2.0, 2), (2**31, 2**31)])
async def test_an_order_is_answered_as_a_number(
    door: Door, step: Step, given: Any, kept: int
) -> None:
    """Digits are tolerated; tracking has it, too."""
    await door.echoes({**step, "order": given}, {"order": kept})
    assert (await door.shown({**step, "order": given}))["order"] == kept


@pytest.mark.field("§2.2", "order")
@pytest.mark.field("§2.5", "order")
@pytest.mark.field("§3.2", "order")
@pytest.mark.parametrize("given", [0, -1, 1.5, "first", True, 2**31 + 1, [1]])
async def test_another_order_is_refused(door: Door, step: Step, given: Any) -> None:
    """Whole numbers from 1."""
    await door.refuses({**step, "order": given}, "order")


@pytest.mark.field("§2.2", "order")
@pytest.mark.field("§2.6", "flow")
@pytest.mark.field("§3.2", "order")
@pytest.mark.field("§12", "1", "4")
@pytest.mark.parametrize(
    ("orders", "places"),
    [
        ((3, 2, 1), (3, 2, 1)),
        ((1, 2, 2), (1, 2, 3)),
        ((2, 2, 1), (3, 1, 2)),
        ((None, None, None), (1, 2, 3)),
        ((None, 1, None), (1, 2, 3)),
        ((9, None, 2), (2, 3, 1)),
        (("", None, 1), (1, 3, 2)),
    ],
)
async def test_steps_go_by_order_and_keep_their_places(
    door: Door, orders: tuple[Any, ...], places: tuple[int, ...]
) -> None:
    """The lowest first; an absent one is its place, equal ones stay as they came."""
    steps = [sms(f"+30690000010{at}", order=each) for at, each in enumerate(orders, start=1)]
    flow = (await door.created(*steps))["flow"]
    assert [step["to"] for step in flow] == [f"+30690000010{place}" for place in places]
    assert [step["order"] for step in flow] == sorted(
        each or at for at, each in enumerate(orders, start=1)
    )


@pytest.mark.field("§2.2", "failoverOnStatuses")
@pytest.mark.field("§2.5", "failoverOnStatuses")
@pytest.mark.field("§3.2", "failoverOnStatuses")
@pytest.mark.field("§12", "2", "36")
async def test_without_statuses_there_is_each_channels_default(door: Door, step: Step) -> None:
    """An empty array and an empty text are nothing, too."""
    default = list(DEFAULT[step["type"]])
    await door.echoes(step, {"failoverOnStatuses": default})
    blanks: tuple[Any, ...] = (None, [], "", " ", ",")
    for nothing in blanks:
        await door.echoes({**step, "failoverOnStatuses": nothing}, {"failoverOnStatuses": default})


@pytest.mark.field("§2.2", "failoverOnStatuses")
@pytest.mark.field("§2.5", "failoverOnStatuses")
@pytest.mark.field("§3.2", "failoverOnStatuses")
@pytest.mark.field("§12", "2")
async def test_statuses_come_in_any_case_as_array_or_at_commas(door: Door, step: Step) -> None:
    """Answered and tracked as an array of the client's words."""
    every = list(ALLOWED[step["type"]])
    for words in (every, [every[0]], [each.upper() for each in every], [every[-1].lower()]):
        for given in (words, ",".join(words), ", ".join(words)):
            await door.echoes({**step, "failoverOnStatuses": given}, {"failoverOnStatuses": words})
    shown = await door.shown({**step, "failoverOnStatuses": " , ".join(every).upper()})
    assert shown["failoverOnStatuses"] == [each.upper() for each in every]


@pytest.mark.field("§2.2", "failoverOnStatuses")
@pytest.mark.field("§2.5", "failoverOnStatuses")
@pytest.mark.field("§3.2", "failoverOnStatuses")
async def test_another_channels_status_is_refused(door: Door, step: Step) -> None:
    """In either form, beside allowed ones, too; the sentence lists what is allowed."""
    allowed = ALLOWED[step["type"]]
    for word in sorted(set(EVERY) - set(allowed)):
        for given in ([word], word, [allowed[0], word], f"{allowed[0]},{word}"):
            sentence = await door.refuses(
                {**step, "failoverOnStatuses": given}, "failoverOnStatuses"
            )
            assert sentence == f"Allowed for {step['type']}: {', '.join(allowed)}"


@pytest.mark.field("§2.2", "failoverOnStatuses")
async def test_statuses_are_texts(door: Door) -> None:
    """A number among them is named by its place; a number alone is no list."""
    await door.refuses(sms(failoverOnStatuses=["Failed", 7]), "failoverOnStatuses[1]")
    for given in (7, True, {"Failed": True}):
        await door.refuses(sms(failoverOnStatuses=given), "failoverOnStatuses")


@pytest.mark.field("§2.2", "ttl")
@pytest.mark.field("§3.2", "ttl")
@pytest.mark.field("§12", "3", "4")
@pytest.mark.parametrize(
    ("channel", "given", "minutes"),
    [
        ("Sms", None, 1200),
        ("Sms", "", 1200),
        ("Sms", 1, 1),
        ("Sms", "60", 60),
        ("Sms", 60.0, 60),
        ("Sms", 1440, 1440),
        ("Viber", None, 10),
        ("Viber", "", 10),
        ("Viber", 0.5, 0.5),
        ("Viber", 2.5, 2.5),
        ("Viber", "2.5", 2.5),
        ("Viber", 2, 2),
        ("Viber", 1440.0, 1440),
    ],
)
async def test_a_ttl_is_minutes(door: Door, channel: str, given: Any, minutes: float) -> None:
    """Whole for an Sms, with one decimal place for Viber; in tracking, too."""
    step = {**steps_of(door)[channel], "ttl": given}
    echoed, shown = await door.echo(step), await door.shown(step)
    for ttl in (echoed["ttl"], shown["ttl"]):
        assert (ttl, type(ttl)) == (minutes, type(minutes))


@pytest.mark.field("§2.2", "ttl")
@pytest.mark.field("§3.2", "ttl")
@pytest.mark.field("§12", "3", "36")
@pytest.mark.parametrize(
    ("channel", "given"),
    [
        *(("Sms", each) for each in (0, -1, 0.5, 1.5, 1441, "ten", True, [60])),
        *(("Viber", each) for each in (0, 0.0, 0.4, 2.55, 1440.1, -1, "ten", True, {"minutes": 1})),
    ],
)
async def test_another_ttl_is_refused(door: Door, channel: str, given: Any) -> None:
    """0 as well: a typed client's unset ttl is out of range."""
    await door.refuses({**steps_of(door)[channel], "ttl": given}, "ttl")


@pytest.mark.field("§2.2", "ttl")
@pytest.mark.field("§2.5", "ttl")
@pytest.mark.parametrize("given", [0, 2.5, 5000, "ten", None])
async def test_a_call_has_no_ttl(door: Door, given: Any) -> None:
    """It is an unknown member there, and shown nowhere."""
    await door.echoes(voice(ttl=given), {"ttl": None})
    assert "ttl" not in await door.shown(voice(ttl=given))


@pytest.mark.field("§2.2", "type", "to")
@pytest.mark.parametrize("name", ["type", "to"])
async def test_a_step_needs_its_type_and_its_recipient(door: Door, step: Step, name: str) -> None:
    """Each missing one is named."""
    await door.refuses(without(step, name), name)
