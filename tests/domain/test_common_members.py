"""The members that every kind of step has (contract.md §2.2)."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.steps import in_order
from tests.domain.reading import faults, read
from tests.samples import sms, viber, voice

Make = Callable[..., dict[str, Any]]

MAKERS: list[Make] = [sms, viber, voice]
each_kind = pytest.mark.parametrize("make", MAKERS, ids=["Sms", "Viber", "Voice"])


@each_kind
@pytest.mark.parametrize("spell", [str.upper, str.lower, str.capitalize, str.swapcase])
def test_the_type_is_read_in_any_case(make: Make, spell: Callable[[str], str]) -> None:
    """And written in its own."""
    step = make()
    assert read({**step, "type": spell(step["type"])}).echo()["type"] == step["type"]


@pytest.mark.parametrize("kind", ["Email", "", None, 3, True, ["Sms"], "Sms "])
def test_another_type_is_refused(kind: object) -> None:
    """At the step itself: nothing else can be said of it."""
    assert faults(sms(type=kind)) == {"": "Input should be Sms, Viber or Voice"}


@pytest.mark.parametrize("step", [None, "Sms", 3, [], [sms()], {}])
def test_what_is_no_step_is_refused(step: object) -> None:
    """Whatever JSON it is."""
    assert faults(step) == {"": "Input should be Sms, Viber or Voice"}


@each_kind
def test_unknown_members_are_ignored(make: Make) -> None:
    """Clients send extras; accountId and applicationId are never trusted (§1.3)."""
    extras = {"accountId": "globex", "applicationId": "x", "campaign": {"name": "y"}}
    assert read(make(**extras)) == read(make())


@each_kind
@pytest.mark.parametrize("blank", [None, "", "  ", {}, {"a": "", "b": {"c": None}}, []])
def test_a_blank_optional_member_counts_as_absent(make: Make, blank: object) -> None:
    """Typed clients send what they do not mean (§2.4)."""
    names = {
        sms: ["order", "ttl", "failoverOnStatuses", "urlShortener", "restrictions"],
        viber: [
            *["order", "ttl", "failoverOnStatuses", "templateParams", "deliveryScope", "seq"],
            *["inboundUrl", "expireOnDelivery", "message", "label"],
        ],
        voice: ["order", "failoverOnStatuses", "machineDetection"],
    }[make]
    without = {name: value for name, value in make().items() if name not in names}
    assert read(without | dict.fromkeys(names, blank)) == read(without)


REQUIRED = [
    *((sms, name) for name in ("to", "message")),
    *((viber, name) for name in ("senderInfoTrackingId", "to", "templateId", "templateLang")),
    *((voice, name) for name in ("from", "to", "dialPlan")),
]


@pytest.mark.parametrize(("make", "name"), REQUIRED)
@pytest.mark.parametrize("blank", [None, "", " \t", {}, []])
def test_a_blank_required_member_is_missing(make: Make, name: str, blank: object) -> None:
    """Just as one that is not there."""
    assert faults(make(**{name: blank})) == {name: "Field required"}
    step = make()
    del step[name]
    assert faults(step) == {name: "Field required"}


@each_kind
@pytest.mark.parametrize(("given", "order"), [(1, 1), (7, 7), ("2", 2), (3.0, 3), (2**31, 2**31)])
def test_an_order_is_a_whole_number_from_1(make: Make, given: object, order: int) -> None:
    """Digits in a string too."""
    assert read(make(order=given)).order == order


@each_kind
@pytest.mark.parametrize("given", [0, -1, 1.5, True, False, "first", [1], 2**31 + 1, 2**70])
def test_another_order_is_refused(make: Make, given: object) -> None:
    """A boolean is not a number."""
    assert list(faults(make(order=given))) == ["order"]


@pytest.mark.parametrize(
    ("step", "name"),
    [(sms, "order"), (sms, "ttl"), (viber, "ttl"), (viber, "seq"), (voice, "order")],
)
def test_a_boolean_is_not_a_number(step: Make, name: str) -> None:
    """And the same sentence says so everywhere."""
    assert faults(step(**{name: True})) == {name: "Value error, Input should be a number"}


STATUSES = {
    sms: (["Undelivered", "Failed"], ["Undelivered", "Failed"]),
    viber: (["Expired", "Failed", "Undelivered"], ["Expired", "Failed", "Undelivered"]),
    voice: (
        ["Completed", "Busy", "NoAnswer", "Failed", "Unsent", "Terminated"],
        ["Busy", "NoAnswer"],
    ),
}


@each_kind
@pytest.mark.parametrize("absent", [None, "", " ", []])
def test_without_statuses_a_step_fails_over_on_its_default(make: Make, absent: object) -> None:
    """Filled in, so that the client reads it back."""
    step = read(make(failoverOnStatuses=absent))
    assert step.echo()["failoverOnStatuses"] == STATUSES[make][1]
    assert list(step.failures) == STATUSES[make][1]


@each_kind
@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title, str])
def test_statuses_come_as_a_list_or_a_string_in_any_case(
    make: Make, spell: Callable[[str], str]
) -> None:
    """They are echoed as a list, as they were written."""
    allowed = STATUSES[make][0]
    words = [spell(word) for word in allowed]
    for given in (words, ",".join(words), "  , ".join(words) + " "):
        step = read(make(failoverOnStatuses=given))
        assert step.echo()["failoverOnStatuses"] == words
        assert list(step.failures) == allowed


@each_kind
def test_each_allowed_status_may_stand_alone(make: Make) -> None:
    """And then it is the only one on which the flow goes on."""
    for status in STATUSES[make][0]:
        assert list(read(make(failoverOnStatuses=[status])).failures) == [status]


@each_kind
def test_what_a_step_fails_over_on_is_said_once_in_the_tables_order(make: Make) -> None:
    """However often and in whatever order the client said it."""
    given = [*reversed(STATUSES[make][0]), "FAILED"]
    assert list(read(make(failoverOnStatuses=given)).failures) == STATUSES[make][0]


@each_kind
@pytest.mark.parametrize(
    "given", [["Delivered"], "Seen", ["Failed", "Queued"], "Failed;Undelivered", ["Whatever"], [""]]
)
def test_a_status_outside_the_table_is_refused(make: Make, given: object) -> None:
    """And the sentence lists those inside."""
    found = faults(make(failoverOnStatuses=given))
    allowed = f"Allowed for {make()['type']}: {', '.join(STATUSES[make][0])}"
    assert found == {"failoverOnStatuses": f"Value error, {allowed}"}


@pytest.mark.parametrize("make", [sms, viber])
@pytest.mark.parametrize("status", ["Busy", "Completed", "Unsent", "Terminated"])
def test_a_status_of_another_channel_is_refused(make: Make, status: str) -> None:
    """Only a call can be busy."""
    assert list(faults(make(failoverOnStatuses=["Failed", status]))) == ["failoverOnStatuses"]


@pytest.mark.parametrize(
    ("given", "path"), [([1], "failoverOnStatuses.0"), (7, "failoverOnStatuses")]
)
def test_statuses_are_words(given: object, path: str) -> None:
    """The path says which is not."""
    assert list(faults(sms(failoverOnStatuses=given))) == [path]


@pytest.mark.parametrize("make", [sms, viber])
@pytest.mark.parametrize("to", ["306900000101", "+30 690 000 0101", "0030690", "abc", 306900000101])
def test_a_recipient_is_a_number_with_its_country(make: Make, to: object) -> None:
    """It is kept as the client wrote it, and read as E.164."""
    if isinstance(to, str) and to.replace(" ", "").endswith("306900000101"):
        step = read(make(to=to))
        assert (step.echo()["to"], step.recipient) == (to, "+306900000101")
    else:
        assert list(faults(make(to=to))) == ["to"]


def test_an_invalid_number_is_said_in_the_contracts_words() -> None:
    """§1.4, E2; nothing of the number is repeated."""
    assert faults(sms(to="+30690")) == {"to": "Value error, Invalid mobile number"}
    assert list(faults(sms(to="+306900000101" + " " * 28))) == ["to"]


def test_steps_stand_by_order_and_ties_by_place() -> None:
    """An absent order is the step's place; the documentation's own example repeats 2 (§12, 1)."""
    given = [
        read(step)
        for step in (
            sms(order=3, message={"body": "third"}),
            sms(order=2, message={"body": "one of two"}),
            sms(order=1, message={"body": "first"}),
            sms(order=2, message={"body": "other of two"}),
            sms(message={"body": "fifth by its place"}),
        )
    ]
    stood = [(step.order, step.echo()["message"]["body"]) for step in in_order(tuple(given))]
    assert stood == [
        (1, "first"),
        (2, "one of two"),
        (2, "other of two"),
        (3, "third"),
        (5, "fifth by its place"),
    ]


def test_without_any_order_steps_stay_where_they_are() -> None:
    """Numbered from 1."""
    stood = in_order((read(viber()), read(sms()), read(voice())))
    assert [(step.type, step.order) for step in stood] == [("Viber", 1), ("Sms", 2), ("Voice", 3)]
