"""§2.4: which parts of a Viber message go together, and what a typed client's blanks are."""

from itertools import combinations
from typing import Any

import pytest

from tests.api.contract.bench import Door
from tests.api.contract.test_viber_message import ACTION, CDN, FILE, VIDEO
from tests.samples import viber_message

PARTS: dict[str, Any] = {
    "text": "Parcel 7731 is ready",
    "imageUrl": f"{CDN}p.png",
    "action": ACTION,
    "viberFile": FILE,
    "viberVideo": VIDEO,
}
ALLOWED = (
    ("text",),
    ("imageUrl",),
    ("viberFile",),
    ("text", "action"),
    ("text", "imageUrl", "action"),
    ("viberVideo",),
    ("text", "viberVideo"),
    ("text", "action", "viberVideo"),
)
FORBIDDEN = tuple(
    layout
    for size in range(1, len(PARTS) + 1)
    for layout in combinations(PARTS, size)
    if layout not in ALLOWED
)
BLANK_PARTS: dict[str, Any] = {
    "text": "",
    "imageUrl": "",
    "action": {"caption": "", "targetUrl": ""},
    "viberFile": {"fileName": "", "fileType": "", "fileUrl": ""},
    "viberVideo": {"videoUrl": "", "videoThumbnail": None, "fileSize": None, "duration": None},
}
"""What a typed client sends of the parts that it does not use."""


@pytest.mark.field("§2.4", "message", "layouts")
@pytest.mark.parametrize("layout", ALLOWED, ids="+".join)
async def test_a_layout_is_taken(standard: Door, layout: tuple[str, ...]) -> None:
    """The message has these parts and no other, in tracking, too."""
    parts = {name: PARTS[name] for name in layout}
    await standard.echoes(viber_message(message=parts), {"message": parts})
    assert (await standard.shown(viber_message(message=parts)))["body"] == parts


def test_every_other_layout_is_forbidden() -> None:
    """The 31 that five parts allow, less eight."""
    assert len(FORBIDDEN) == 23


@pytest.mark.field("§2.4", "layouts")
@pytest.mark.parametrize("layout", FORBIDDEN, ids="+".join)
async def test_another_layout_is_refused_with_vibers_own_error(
    standard: Door, layout: tuple[str, ...]
) -> None:
    """The only fault of the body: a code of its own, with the path all the same."""
    step = viber_message(message={name: PARTS[name] for name in layout})
    answer = await standard.post({"flow": [viber_message(), step]})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "400019000",
        "developerMessage": "Viber message contains invalid data",
        "properties": {"flow[1].message": "Invalid viber message type combination"},
        "errors": [
            {"errorCode": "007", "developerMessage": "Invalid viber message type combination"}
        ],
    }


@pytest.mark.field("§2.4", "layouts")
async def test_beside_another_fault_a_layout_is_one_of_the_properties(standard: Door) -> None:
    """One answer for all that is to be mended."""
    step = viber_message(message={"action": ACTION}, ttl=0)
    named = await standard.refusal({"flow": [step]})
    assert set(named) == {"flow[0].message", "flow[0].ttl"}


@pytest.mark.field("§2.4", "blank members", "message")
@pytest.mark.parametrize("layout", ALLOWED, ids="+".join)
async def test_a_typed_clients_unused_parts_are_absent(
    standard: Door, layout: tuple[str, ...]
) -> None:
    """They neither spoil the layout nor come back."""
    parts = {name: PARTS[name] for name in layout}
    await standard.echoes(viber_message(message={**BLANK_PARTS, **parts}), {"message": parts})


@pytest.mark.field("§2.4", "blank members")
async def test_a_typed_clients_unused_members_are_absent(standard: Door) -> None:
    """What one client always sends, of every kind of step."""
    blanks: dict[str, Any] = {
        "inboundUrl": "",
        "label": "",
        "from": "",
        "templateId": "",
        "templateParams": {},
    }
    given = viber_message(**blanks, message={**BLANK_PARTS, "text": "Hello"})
    assert await standard.echo(given) == {
        "type": "Viber",
        "order": 1,
        "failoverOnStatuses": ["Expired", "Failed", "Undelivered"],
        "senderInfoTrackingId": given["senderInfoTrackingId"],
        "to": given["to"],
        "ttl": 10,
        "message": {"text": "Hello"},
        "expireOnDelivery": False,
    }


@pytest.mark.field("§2.4", "blank members")
async def test_a_message_of_blanks_is_missing(standard: Door) -> None:
    """It is no message."""
    assert await standard.refuses(viber_message(message=BLANK_PARTS), "message") == "Field required"
