"""Flows that hold a secret of every kind."""

from typing import Any

from tests.samples import sms, viber, viber_message, voice
from tests.secrecy.site import Site

Steps = list[dict[str, Any]]


def template(site: Site, to: str, **members: Any) -> dict[str, Any]:
    """A Viber template with its pins."""
    made = site.secrets
    params = {"pin": made.words["pin"], "PIN": made.pin_of_digits, "name": made["parameter"]}
    return viber(to, templateParams=params, **members)


def picture(site: Site, to: str, **members: Any) -> dict[str, Any]:
    """A Viber message with a text, a picture and a button."""
    made = site.secrets
    message = {
        "text": made["text"],
        "imageUrl": f"https://pictures.acme.test/{made.words['picture']}.jpg",
        "action": {
            "caption": f"Go {made.words['caption']}",
            "targetUrl": f"https://shop.acme.test/{made.words['link']}?k={made.words['link']}",
        },
    }
    return viber_message(to, message=message, label=f"for {made.words['label']}", **members)


def document(site: Site, to: str, **members: Any) -> dict[str, Any]:
    """A Viber message with a document."""
    word = site.secrets.words["file"]
    address = f"https://documents.acme.test/{word}.pdf"
    file = {"fileName": word, "fileType": "pdf", "fileUrl": address}
    return viber_message(to, message={"viberFile": file}, **members)


def text(site: Site, to: str, **members: Any) -> dict[str, Any]:
    """An Sms with a label."""
    made = site.secrets
    body = {"body": made["text"], "label": f"for {made.words['label']}"}
    return sms(to, message=body, **members)


def call(site: Site, to: str, **members: Any) -> dict[str, Any]:
    """A call from a number of the client's, to a number or a SIP address."""
    made = site.secrets
    say = {"type": "SAY", "message": {"language": "el-GR", "text": made["speech"]}}
    target = {"sip": to} if "@" in to else {"phone": to}
    plan = {"verbs": [say]}
    own = {"to": target, "from": made.caller, "dialPlan": plan}
    return {**voice(to), **own, **members}
