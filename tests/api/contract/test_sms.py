"""§2.3: the Sms step."""

from typing import Any

import pytest

from tests.api.contract.bench import Door, without
from tests.api.contract.conftest import WithSettings
from tests.samples import sms

INDIA = {"india": {"templateId": "1107160000000012345", "entityId": "1101400000000012345"}}
LOOKALIKES = "ΑΒΕΖΗΙΚΜΝΟ" * 10
"""100 capitals with Latin look-alikes: two parts as they are, one as Latin."""


@pytest.mark.field("§2.3", "from")
@pytest.mark.parametrize(
    "sender", ["1", "1234567890123456", "A", "AcmeShop247", "Acme Shop 2", "302310000222"]
)
async def test_a_sender_is_digits_or_a_short_name(door: Door, sender: str) -> None:
    """16 digits or 11 letters, digits and spaces; in tracking, too."""
    await door.echoes(sms(**{"from": sender}), {"from": sender})
    assert (await door.shown(sms(**{"from": sender})))["from"] == sender


@pytest.mark.field("§2.3", "from")
@pytest.mark.parametrize(
    "sender", ["12345678901234567", "AcmeShop2477", "Acme-Shop", "Ακμή", "+302310000222", 7, ["A"]]
)
async def test_another_sender_is_refused(door: Door, sender: Any) -> None:
    """Numbers are written without +."""
    await door.refuses(sms(**{"from": sender}), "from")


@pytest.mark.field("§2.3", "from")
@pytest.mark.parametrize("blank", [None, "", "  "])
async def test_a_blank_sender_is_the_applications_default(
    door: Door, with_settings: WithSettings, blank: Any
) -> None:
    """Where there is none, `from` is required."""
    assert await door.refuses(sms(**{"from": blank}), "from") == "Field required"
    furnished = await with_settings(default_sender="AcmeDefault")
    await furnished.echoes(sms(**{"from": blank}), {"from": "AcmeDefault"})
    await furnished.echoes(without(sms(), "from"), {"from": "AcmeDefault"})
    await furnished.echoes(sms(), {"from": "AcmeShop"})


@pytest.mark.field("§2.3", "message.body")
@pytest.mark.parametrize("body", ["x", "Two\nlines", " [~firstName] ", "παραλαβή 😀", "x" * 10_000])
async def test_a_body_is_kept_as_written(door: Door, body: str) -> None:
    """Line breaks and blanks included; in tracking it is `body`."""
    step = sms(message={"body": body})
    await door.echoes(step, {"message": {"body": body, "flash": False}})
    assert (await door.shown(step))["body"] == body


@pytest.mark.field("§2.3", "message.body")
@pytest.mark.parametrize(
    ("message", "path"),
    [
        (None, "message"),
        ("x", "message"),
        ({}, "message"),
        ({"body": ""}, "message"),
        ({"body": " ", "flash": True}, "message.body"),
        ({"body": None, "label": "x"}, "message.body"),
        ({"body": 7}, "message.body"),
        ({"body": "x" * 10_001}, "message.body"),
    ],
)
async def test_a_body_is_required(door: Door, message: Any, path: str) -> None:
    """A message of blanks is no message."""
    await door.refuses(sms(message=message), path)


@pytest.mark.field("§2.3", "message.flash")
@pytest.mark.parametrize(
    ("given", "flash"),
    [(True, True), (False, False), ("true", True), ("false", False), (None, False), ("", False)],
)
async def test_flash_is_off_by_default(door: Door, given: Any, flash: bool) -> None:
    """Texts are tolerated; it is always answered."""
    await door.echoes(
        sms(message={"body": "x", "flash": given}), {"message": {"body": "x", "flash": flash}}
    )


@pytest.mark.field("§2.3", "message.flash", "message.transcode")
@pytest.mark.parametrize("name", ["flash", "transcode"])
@pytest.mark.parametrize("given", ["perhaps", 7, [True]])
async def test_another_boolean_is_refused(door: Door, name: str, given: Any) -> None:
    """At its own path."""
    await door.refuses(sms(message={"body": "x", name: given}), f"message.{name}")


@pytest.mark.field("§2.3", "message.label")
@pytest.mark.field("§12", "8")
@pytest.mark.parametrize("label", ["pickup-7731", "x" * 350])
async def test_a_label_is_echoed_in_the_message_and_tracked_on_the_step(
    door: Door, label: str
) -> None:
    """Up to 350 characters."""
    step = sms(message={"body": "x", "label": label})
    await door.echoes(step, {"message": {"body": "x", "flash": False, "label": label}})
    assert (await door.shown(step))["label"] == label


@pytest.mark.field("§2.3", "message.label")
@pytest.mark.parametrize("label", ["x" * 351, "two\nlines", 7])
async def test_another_label_is_refused(door: Door, label: Any) -> None:
    """One line, of text."""
    await door.refuses(sms(message={"body": "x", "label": label}), "message.label")


@pytest.mark.field("§2.3", "message.label")
@pytest.mark.parametrize("blank", [None, "", " "])
async def test_a_blank_label_is_none(door: Door, blank: Any) -> None:
    """It is left out of the answer and of tracking."""
    step = sms(message={"body": "x", "label": blank})
    await door.echoes(step, {"message": {"body": "x", "flash": False}})
    assert "label" not in await door.shown(step)


@pytest.mark.field("§2.3", "message.transcode")
@pytest.mark.parametrize(
    ("given", "transcode", "parts"),
    [(True, True, 1), (False, False, 2), ("true", True, 1), ("false", False, 2)],
)
async def test_transcoding_saves_parts(door: Door, given: Any, transcode: bool, parts: int) -> None:
    """Texts are tolerated; the body is kept as the client wrote it."""
    step = sms(message={"body": LOOKALIKES, "transcode": given})
    message = {"body": LOOKALIKES, "flash": False, "transcode": transcode}
    await door.echoes(step, {"message": message})
    shown = await door.shown(step)
    assert (shown["body"], shown["parts"]) == (LOOKALIKES, parts)


@pytest.mark.field("§2.3", "message.transcode")
@pytest.mark.parametrize("absent", [None, ""])
async def test_without_it_the_applications_setting_counts(
    door: Door, with_settings: WithSettings, absent: Any
) -> None:
    """It is off unless the application says otherwise; what the client says wins."""
    step = sms(message={"body": LOOKALIKES, "transcode": absent})
    assert (await door.shown(step))["parts"] == 2
    transcoding = await with_settings(transcode=True)
    assert (await transcoding.shown(step))["parts"] == 1
    refusing = sms(message={"body": LOOKALIKES, "transcode": False})
    assert (await transcoding.shown(refusing))["parts"] == 2


@pytest.mark.field("§2.3", "message.transcode")
async def test_a_text_that_cannot_all_be_transcoded_stays(door: Door) -> None:
    """Nothing is half replaced."""
    assert (await door.shown(sms(message={"body": f"{LOOKALIKES} ☂", "transcode": True})))[
        "parts"
    ] == 2


@pytest.mark.field("§2.3", "urlShortener", "urlShortener.urlValidity")
@pytest.mark.field("§12", "7")
@pytest.mark.parametrize(
    ("given", "seconds"), [(3600, 3600), (2592000, 2592000), ("86400", 86400), (None, 2592000)]
)
async def test_a_shortener_stands_on_the_step_or_in_the_message(
    door: Door, given: Any, seconds: int
) -> None:
    """It is answered on the step, its validity 30 days by default."""
    shortener = {"urlValidity": given, "unknown": "x"}
    echoed = {"urlShortener": {"urlValidity": seconds}, "message": {"body": "x", "flash": False}}
    await door.echoes(sms(message={"body": "x"}, urlShortener=shortener), echoed)
    await door.echoes(sms(message={"body": "x", "urlShortener": shortener}), echoed)


@pytest.mark.field("§2.3", "urlShortener")
async def test_of_two_shorteners_the_steps_counts(door: Door) -> None:
    """Unless it is blank."""
    inner = {"body": "x", "urlShortener": {"urlValidity": 3600}}
    for outer, seconds in (({"urlValidity": 7200}, 7200), ({"urlValidity": None}, 3600)):
        await door.echoes(
            sms(message=inner, urlShortener=outer), {"urlShortener": {"urlValidity": seconds}}
        )


@pytest.mark.field("§2.3", "urlShortener")
@pytest.mark.parametrize("blank", [None, "", {}, {"urlValidity": ""}])
async def test_a_blank_shortener_is_none(door: Door, blank: Any) -> None:
    """On either place."""
    await door.echoes(sms(urlShortener=blank), {"urlShortener": None})
    message = {"body": "x", "urlShortener": blank}
    await door.echoes(sms(message=message), {"urlShortener": None})


@pytest.mark.field("§2.3", "urlShortener.urlValidity")
@pytest.mark.parametrize("given", [3599, 2592001, 3600.5, -1, "a day", True])
async def test_another_validity_is_refused(door: Door, given: Any) -> None:
    """Where it stands."""
    shortener = {"urlValidity": given}
    await door.refuses(sms(urlShortener=shortener), "urlShortener.urlValidity")
    message = {"body": "x", "urlShortener": shortener}
    await door.refuses(sms(message=message), "message.urlShortener.urlValidity")


@pytest.mark.field("§2.3", "urlShortener")
@pytest.mark.parametrize("given", ["yes", True, [3600]])
async def test_a_shortener_is_an_object(door: Door, given: Any) -> None:
    """Anything else is refused."""
    await door.refuses(sms(urlShortener=given), "urlShortener")


@pytest.mark.field("§2.3", "restrictions")
@pytest.mark.field("§12", "7")
async def test_restrictions_stand_on_the_step(door: Door) -> None:
    """On both endpoints; blank ones are none."""
    await door.echoes(sms(restrictions=INDIA), {"restrictions": INDIA})
    await door.echoes(sms(restrictions={"india": {"templateId": ""}}), {"restrictions": None})
    await door.refuses(sms(restrictions="india"), "restrictions")
    await door.refuses(sms(restrictions={"india": "yes"}), "restrictions.india")
