"""What Infobip's tests begin with."""

import json
from collections.abc import Mapping
from typing import Any

from domain.flow import Kind
from providers.base import Outgoing
from providers.exchange import HttpRequest
from providers.infobip import Config, Infobip
from tests.providers.contract import REFERENCE, REPORT_URL
from tests.samples import request_step

SECRET = "003026bbc133714df1834b8638bb496e-secret"
CONFIG = {"base_url": "https://xyz123.api.infobip.com/", "api_key": SECRET}
INFOBIP = Infobip(Config.model_validate(CONFIG))


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON."""
    read: dict[str, Any] = json.loads(request.body)
    return read


def sent(step: dict[str, Any], kind: Kind = Kind.TRANSACTIONAL) -> dict[str, Any]:
    """The body for a step as a client sends it."""
    content = request_step(step, kind)
    out = Outgoing(REFERENCE, content, "AcmeShop", 90.0, REPORT_URL)
    return body_of(INFOBIP.build_request(out))


def message_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The only message in it."""
    (message,) = body["messages"]
    assert isinstance(message, dict)
    return message


IMAGE = "https://cdn.acme.test/p.png"
VIDEO = {
    "videoUrl": "https://cdn.acme.test/v.mp4",
    "videoThumbnail": "https://cdn.acme.test/v.png",
    "fileSize": 12.5,
    "duration": 42.5,
}
ACTION = {"caption": "Track", "targetUrl": "https://acme.test/t/7731"}
BUTTON = {"title": "Track", "action": "https://acme.test/t/7731"}
SHOWN_IMAGE = {"type": "IMAGE", "mediaUrl": IMAGE, "showImageInFullScreen": False}
SHOWN_VIDEO = {
    "type": "VIDEO",
    "mediaUrl": VIDEO["videoUrl"],
    "mediaDuration": "PT42.5S",
    "thumbnailUrl": VIDEO["videoThumbnail"],
}


def _file(name: str, kind: str) -> dict[str, Any]:
    return {"fileName": name, "fileType": kind, "fileUrl": "https://cdn.acme.test/f"}


def _shown_file(name: str) -> dict[str, Any]:
    return {"type": "FILE", "fileName": name, "mediaUrl": "https://cdn.acme.test/f"}


LAYOUTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"text": "Hi"}, {"type": "TEXT", "text": "Hi"}, "TRANSACTIONAL"),
    (
        {"text": "Hi", "action": ACTION},
        {"type": "TEXT", "text": "Hi", "button": BUTTON},
        "PROMOTIONAL",
    ),
    ({"imageUrl": IMAGE}, SHOWN_IMAGE, "PROMOTIONAL"),
    (
        {"text": "Hi", "imageUrl": IMAGE, "action": ACTION},
        {**SHOWN_IMAGE, "text": "Hi", "button": BUTTON},
        "PROMOTIONAL",
    ),
    ({"viberFile": _file("bill", ".PDF")}, _shown_file("bill.pdf"), "PROMOTIONAL"),
    ({"viberFile": _file("bill.Pdf", "pdf")}, _shown_file("bill.pdf"), "PROMOTIONAL"),
    ({"viberVideo": VIDEO}, SHOWN_VIDEO, "PROMOTIONAL"),
    ({"viberVideo": VIDEO, "text": "Hi"}, {**SHOWN_VIDEO, "text": "Hi"}, "PROMOTIONAL"),
    (
        {"viberVideo": VIDEO, "text": "Hi", "action": ACTION},
        {**SHOWN_VIDEO, "text": "Hi", "button": BUTTON},
        "PROMOTIONAL",
    ),
]
"""What a client sends, what Infobip gets, and the label that it bears."""


def say(text: str = "Your parcel is ready", **members: Any) -> dict[str, Any]:
    """A SAY verb in Greek."""
    message = {"language": "el-GR", "gender": "male", "text": text}
    return {"type": "SAY", "message": message, **members}


PLAY = {"type": "PLAY", "fileURL": "https://cdn.acme.test/a.wav"}
