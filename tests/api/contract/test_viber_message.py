"""§2.4: the free-form Viber step, member by member."""

from typing import Any

import pytest

from accounts.demonstration import BROKE_SHOP
from tests.api.contract.bench import Door, Step, without
from tests.samples import viber_message

CDN = "https://cdn.acme.test/"
FILE = {"fileName": "Terms", "fileType": "pdf", "fileUrl": f"{CDN}terms.pdf"}
VIDEO = {
    "videoUrl": f"{CDN}v.mp4", "videoThumbnail": f"{CDN}v.png", "fileSize": 12.5, "duration": 30,
}  # fmt: skip
ACTION = {"caption": "Track", "targetUrl": "https://acme.test/t/7731"}
FILE_TYPES = (
    "doc", "docx", "rtf", "dot", "dotx", "odt", "odf", "fodt", "txt", "info",
    "pdf", "xps", "pdax", "eps",
    "xls", "xlsx", "ods", "fods", "csv", "xlsm", "xltx",
)  # fmt: skip


def long(start: str, length: int) -> str:
    """The address, made that long."""
    return start + "x" * (length - len(start))


def holding(**parts: Any) -> Step:
    """A step whose message has these parts."""
    return viber_message(message=parts)


async def keeps(door: Door, **parts: Any) -> None:
    """Have the parts answered as given, and shown as the body in tracking."""
    await door.echoes(holding(**parts), {"message": parts})
    assert (await door.shown(holding(**parts)))["body"] == parts


@pytest.mark.field("§2.4", "senderInfoTrackingId")
async def test_a_sender_is_the_accounts_own(standard: Door) -> None:
    """Tracking shows its name."""
    step = viber_message()
    await standard.echoes(step, {"senderInfoTrackingId": step["senderInfoTrackingId"]})
    shown = await standard.shown(step)
    assert shown["from"] == "AcmeShop"
    assert "senderInfoTrackingId" not in shown


@pytest.mark.field("§2.4", "senderInfoTrackingId")
@pytest.mark.parametrize("sender", [BROKE_SHOP.id, "00000000-0000-4000-8000-000000000000", "x"])
async def test_an_unknown_sender_is_not_found(standard: Door, sender: str) -> None:
    """Be it another account's or nobody's."""
    answer = await standard.post({"flow": [viber_message(senderInfoTrackingId=sender)]})
    assert (answer.status_code, answer.json()["code"]) == (404, "404020000")


@pytest.mark.field("§2.4", "senderInfoTrackingId")
@pytest.mark.parametrize("given", [None, "", 7, "x" * 65])
async def test_a_sender_is_required(standard: Door, given: Any) -> None:
    """A text of at most 64 characters."""
    await standard.refuses(viber_message(senderInfoTrackingId=given), "senderInfoTrackingId")


@pytest.mark.field("§2.4", "message.text")
@pytest.mark.field("§12", "9")
@pytest.mark.parametrize("text", ["x", "x" * 1000, "Dear [~firstName],\nΤο δέμα 😀"])
async def test_a_text_is_kept_as_written(standard: Door, text: str) -> None:
    """Up to 1000 characters; placeholders are left to the provider."""
    await keeps(standard, text=text)


@pytest.mark.field("§2.4", "message.imageUrl")
@pytest.mark.parametrize("url", [f"{CDN}p.png", long(CDN, 1000), "HTTPS://CDN.acme.test/p.png?a=b"])
async def test_an_image_is_an_https_address(standard: Door, url: str) -> None:
    """Up to 1000 characters, kept as written."""
    await keeps(standard, imageUrl=url)


@pytest.mark.field("§2.4", "message.action.caption", "message.action.targetUrl")
@pytest.mark.parametrize(
    "action",
    [
        ACTION,
        {"caption": "x" * 30, "targetUrl": "http://acme.test/"},
        {"caption": "x", "targetUrl": "viber://chat?number=306900000101"},
        {"caption": "Κλικ εδώ", "targetUrl": "tel:+306900000101"},
    ],
)
async def test_a_button_has_a_caption_and_leads_somewhere(standard: Door, action: Any) -> None:
    """30 characters; a page, or an app that the telephone opens."""
    await keeps(standard, text="x", action=action)


@pytest.mark.field("§2.4", "message.viberFile.fileType")
@pytest.mark.parametrize("extension", FILE_TYPES)
async def test_a_file_type_is_an_extension(standard: Door, extension: str) -> None:
    """With or without its dot, in any case; kept as written."""
    for spelling in (extension, f".{extension}", extension.upper(), f".{extension.title()}"):
        file = {**FILE, "fileType": spelling}
        await standard.echoes(holding(viberFile=file), {"message": {"viberFile": file}})


@pytest.mark.field(
    "§2.4",
    "message.viberFile.fileName",
    "message.viberFile.fileType",
    "message.viberFile.fileUrl",
)
@pytest.mark.parametrize(
    "file",
    [
        FILE,
        {**FILE, "fileName": "Όροι χρήσης"},
        {**FILE, "fileName": "x" * 25},
        {**FILE, "fileUrl": long(CDN, 1000)},
    ],
)
async def test_a_file_has_a_name_a_type_and_an_address(standard: Door, file: Any) -> None:
    """Up to 25 and 1000 characters."""
    await keeps(standard, viberFile=file)


@pytest.mark.field(
    "§2.4",
    "message.viberVideo.videoUrl",
    "message.viberVideo.videoThumbnail",
    "message.viberVideo.fileSize",
    "message.viberVideo.duration",
)
@pytest.mark.parametrize(
    "video",
    [
        VIDEO,
        {**VIDEO, "videoUrl": long(CDN, 1000), "videoThumbnail": long(CDN, 1000)},
        {**VIDEO, "fileSize": 200, "duration": 600},
        {**VIDEO, "fileSize": 0.01, "duration": 0.5},
    ],
)
async def test_a_video_has_its_addresses_its_size_and_its_length(
    standard: Door, video: Any
) -> None:
    """Up to 1000 characters, 200 megabytes and 600 seconds."""
    await keeps(standard, viberVideo=video)


@pytest.mark.field("§2.4", "message.viberVideo.fileSize", "message.viberVideo.duration")
async def test_a_videos_numbers_may_be_texts(standard: Door) -> None:
    """They are answered as numbers."""
    given = {**VIDEO, "fileSize": "12.5", "duration": "30"}
    await standard.echoes(holding(viberVideo=given), {"message": {"viberVideo": VIDEO}})


NOT_HTTPS: tuple[Any, ...] = (
    "http://cdn.acme.test/p", "/p", "cdn.acme.test/p", "https://", "data:,x", long(CDN, 1001), 7,
)  # fmt: skip
WRONG: dict[str, tuple[Any, ...]] = {
    "text": ("x" * 1001, 7, ["x"]),
    "imageUrl": NOT_HTTPS,
    "action": ("Track", 7, [ACTION]),
    "action.caption": (None, "", "x" * 31, 7),
    "action.targetUrl": (None, "", "acme.test/t", "/t", "https://acme.test/a b", 7),
    "viberFile": ("terms.pdf", [FILE]),
    "viberFile.fileName": (None, "", "x" * 26, 7),
    "viberFile.fileType": (None, "", "application/pdf", "exe", "..pdf", "pd f", 7),
    "viberFile.fileUrl": (None, "", *NOT_HTTPS),
    "viberVideo": ("v.mp4", [VIDEO]),
    "viberVideo.videoUrl": (None, "", *NOT_HTTPS),
    "viberVideo.videoThumbnail": (None, "", *NOT_HTTPS),
    "viberVideo.fileSize": (None, "", 0, -1, 200.1, "large", True),
    "viberVideo.duration": (None, "", 0, -1, 600.5, "long", True),
}
PARTS: dict[str, dict[str, Any]] = {"action": ACTION, "viberFile": FILE, "viberVideo": VIDEO}


@pytest.mark.field(
    "§2.4",
    "message.text",
    "message.imageUrl",
    "message.action.caption",
    "message.action.targetUrl",
    "message.viberFile.fileName",
    "message.viberFile.fileType",
    "message.viberFile.fileUrl",
    "message.viberVideo.videoUrl",
    "message.viberVideo.videoThumbnail",
    "message.viberVideo.fileSize",
    "message.viberVideo.duration",
)
@pytest.mark.field("§12", "35")
@pytest.mark.parametrize("path", WRONG)
async def test_a_wrong_part_is_named_by_its_path(standard: Door, path: str) -> None:
    """So is a member that is missing from its part."""
    part, _, member = path.partition(".")
    for wrong in WRONG[path]:
        given = {**PARTS[part], member: wrong} if member else wrong
        await standard.refuses(holding(**{part: given}), f"message.{path}")


@pytest.mark.field("§2.4", "message")
@pytest.mark.parametrize("message", [None, "", {}, "Hello", [{"text": "x"}], 7])
async def test_a_message_is_required(standard: Door, message: Any) -> None:
    """An object that is not blank."""
    await standard.refuses(viber_message(message=message), "message")
    await standard.refuses(without(viber_message(), "message"), "message")


@pytest.mark.field("§2.4", "label")
@pytest.mark.field("§12", "8")
@pytest.mark.parametrize("label", ["pickup-7731", "x" * 350])
async def test_a_label_stands_on_the_step(standard: Door, label: str) -> None:
    """Up to 350 characters; in tracking, too."""
    await standard.echoes(viber_message(label=label), {"label": label})
    assert (await standard.shown(viber_message(label=label)))["label"] == label


@pytest.mark.field("§2.4", "label")
@pytest.mark.parametrize("label", ["x" * 351, "two\nlines", 7])
async def test_another_label_is_refused(standard: Door, label: Any) -> None:
    """One line, of text."""
    await standard.refuses(viber_message(label=label), "label")


@pytest.mark.field("§2.4", "inboundUrl")
@pytest.mark.parametrize("url", ["https://hooks.acme.test/in", "http://hooks.acme.test:8080/?a=b"])
async def test_replies_go_to_an_absolute_address(standard: Door, url: str) -> None:
    """Answered and tracked as written."""
    await standard.echoes(viber_message(inboundUrl=url), {"inboundUrl": url})
    assert (await standard.shown(viber_message(inboundUrl=url)))["inboundUrl"] == url


@pytest.mark.field("§2.4", "inboundUrl")
@pytest.mark.parametrize(
    "url", ["/in", "hooks.acme.test", "ftp://hooks.acme.test/", "http://10.0.0.7/", 7, True]
)
async def test_another_address_is_refused(standard: Door, url: Any) -> None:
    """At its path."""
    await standard.refuses(viber_message(inboundUrl=url), "inboundUrl")


@pytest.mark.field("§2.4", "expireOnDelivery")
@pytest.mark.field("§12", "9")
@pytest.mark.parametrize(
    ("given", "expires"),
    [(True, True), (False, False), ("true", True), ("false", False), (None, False), ("", False)],
)
async def test_expiring_on_delivery_is_off_by_default(
    standard: Door, given: Any, expires: bool
) -> None:
    """It is always answered, and stands on the message in tracking."""
    step = viber_message(expireOnDelivery=given)
    await standard.echoes(step, {"expireOnDelivery": expires})
    shown = await standard.shown(step)
    assert (shown["expireOnDelivery"], shown["expiredOnDeliveryAt"]) == (expires, None)


@pytest.mark.field("§2.4", "expireOnDelivery")
@pytest.mark.parametrize("given", ["perhaps", 7, [True]])
async def test_another_boolean_is_refused(standard: Door, given: Any) -> None:
    """At its path."""
    await standard.refuses(viber_message(expireOnDelivery=given), "expireOnDelivery")


TEMPLATE: dict[str, Any] = {
    "templateId": "1d6f0a7e-3f7b-4b58-9a55-0d2b7f0c6a10",
    "templateLang": "en",
    "templateParams": {"customer_name": "Nadia"},
    "deliveryScope": "ALL_DEVICES",
    "seq": 42,
}


@pytest.mark.field("§2.4", "templateId", "templateLang", "templateParams", "deliveryScope", "seq")
@pytest.mark.parametrize("name", TEMPLATE)
async def test_a_templates_member_is_refused(standard: Door, name: str) -> None:
    """At its path, in the contract's sentence; a blank one counts as absent."""
    sentence = await standard.refuses(viber_message(**{name: TEMPLATE[name]}), name)
    assert sentence == "Template fields are only accepted on /failover/transactional"
    blanks: tuple[Any, ...] = (None, "", {}, [])
    for blank in blanks:
        await standard.echoes(viber_message(**{name: blank}), {name: None})


@pytest.mark.field("§2.4", "templateId")
async def test_a_template_is_refused_with_all_its_members(standard: Door) -> None:
    """Its missing message is named, too, for that is what belongs here."""
    step = without(viber_message(**TEMPLATE), "message")
    named = await standard.refusal({"flow": [step]})
    assert set(named) == {f"flow[0].{name}" for name in (*TEMPLATE, "message")}
