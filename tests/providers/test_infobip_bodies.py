"""What Infobip is sent."""

from typing import Any

import pytest

from domain.flow import Kind
from providers.base import Content
from providers.infobip import Config, Infobip
from providers.outcomes import CannotCarry
from tests.providers.contract import REFERENCE, REPORT_URL, outgoing
from tests.providers.infobip import CONFIG, INFOBIP, LAYOUTS, PLAY, body_of, message_of, say, sent
from tests.samples import NUMBER, sms, viber, viber_message, voice


def test_an_sms_carries_what_the_step_says() -> None:
    """A flash one, with what India's regulator wants and short links that nobody counts."""
    body = sent(
        sms(
            message={"body": "Ready: https://acme.test/7731", "flash": True},
            restrictions={"india": {"templateId": "t1", "entityId": "e1"}},
            urlShortener={"urlValidity": 3600},
        )
    )
    options = message_of(body)["options"]
    assert options["flash"] is True
    registered = {"contentTemplateId": "t1", "principalEntityId": "e1"}
    assert options["regional"] == {"indiaDlt": registered}
    assert body["options"] == {"tracking": {"shortenUrl": True, "trackClicks": False}}
    assert message_of(body)["destinations"] == [{"to": NUMBER[1:], "messageId": REFERENCE}]


def test_a_plain_sms_asks_for_nothing_more() -> None:
    """No flash, no short links."""
    body = sent(sms())
    assert set(body) == {"messages"}
    assert set(message_of(body)["options"]) == {"validityPeriod"}


def test_more_parts_than_infobip_sends_are_not_carried() -> None:
    """It would refuse them: 25 are its most."""
    sent(sms(message={"body": "x" * 153 * 25}))
    with pytest.raises(CannotCarry):
        sent(sms(message={"body": "x" * (153 * 25 + 1)}))


def test_what_was_read_is_reported_to_the_reports_address() -> None:
    """Such a report has nothing else by which its step could be found."""
    for content in (Content.TEMPLATE, Content.TEXT, Content.RICH):
        webhooks = message_of(body_of(INFOBIP.build_request(outgoing(content))))["webhooks"]
        assert webhooks["seen"] == webhooks["delivery"] == {"url": REPORT_URL}


def test_a_report_will_say_its_channel() -> None:
    """By what each message gives it to carry: the words of the channels differ."""
    for content in Content:
        message = message_of(body_of(INFOBIP.build_request(outgoing(content))))
        carried = message.get("webhooks", message)["callbackData"]
        assert carried == content.channel


def test_a_template_goes_by_its_id() -> None:
    """Its parameters as text, and Brazil's Portuguese by Infobip's name."""
    params = {"customer_name": "Nadia", "count": 3, "ready": True}
    message = message_of(sent(viber(templateLang="br", templateParams=params)))
    content = message["content"]
    assert content["type"] == "TEMPLATE"
    assert content["language"] == "pt_BR"
    assert content["parameters"] == {"customer_name": "Nadia", "count": "3", "ready": "true"}
    assert message["options"]["label"] == "TRANSACTIONAL"
    assert "parameters" not in message_of(sent(viber(templateParams={})))["content"]


@pytest.mark.parametrize(("scope", "only"), [({}, True), ({"deliveryScope": "ALL_DEVICES"}, None)])
def test_the_delivery_scope_is_the_devices(scope: dict[str, str], only: bool | None) -> None:
    """The primary one alone, where nothing else is said."""
    assert message_of(sent(viber(**scope)))["options"].get("toPrimaryDeviceOnly") is only


@pytest.mark.parametrize(("message", "shown", "label"), LAYOUTS)
def test_every_layout_has_its_form(
    message: dict[str, Any], shown: dict[str, Any], label: str
) -> None:
    """All parts of a message in the content of its kind."""
    written = message_of(sent(viber_message(message=message), Kind.STANDARD))
    assert written["content"] == shown
    assert written["options"]["label"] == label


def test_the_label_of_texts_is_a_setting() -> None:
    """Where Viber wants templates for whatever is transactional, other texts are not."""
    config = Config.model_validate({**CONFIG, "text_label": "PROMOTIONAL"})
    request = Infobip(config).build_request(outgoing(Content.TEXT))
    assert message_of(body_of(request))["options"]["label"] == "PROMOTIONAL"


def test_a_longer_button_address_than_infobip_takes_is_not_carried() -> None:
    """1000 characters are its most."""
    long = {"caption": "Track", "targetUrl": "https://acme.test/" + "x" * 1000}
    with pytest.raises(CannotCarry):
        sent(viber_message(message={"text": "Hi", "action": long}), Kind.STANDARD)


def test_a_call_reads_its_texts_out_one_after_another() -> None:
    """As often as each is to be repeated, in one voice."""
    message = message_of(sent(voice(dialPlan={"verbs": [say("One", repeat=1), say("Two")]})))
    assert message["text"] == "One\nOne\nTwo"
    assert (message["language"], message["voice"]) == ("el", {"gender": "male"})
    assert "audioFileUrl" not in message


def test_a_call_plays_a_file() -> None:
    """Then there is no text, and no voice."""
    message = message_of(sent(voice(dialPlan={"verbs": [PLAY]})))
    assert message["audioFileUrl"] == PLAY["fileURL"]
    assert not {"text", "language", "voice"} & set(message)


def test_infobip_never_calls_again_by_itself() -> None:
    """Another call is another step's, or another attempt's."""
    assert "retry" not in message_of(sent(voice()))


def test_hanging_up_on_machines_is_asked_for_only_when_wanted() -> None:
    """Detection costs, and delays what is said."""
    assert "machineDetection" not in message_of(sent(voice()))
    message = message_of(sent(voice(machineDetection={"strategy": "Hangup"})))
    assert message["machineDetection"] == "hangup"


@pytest.mark.parametrize(
    "members",
    [
        {"to": {"sip": "1111@sip.acme.test:5060"}},
        {"to": {"viber": NUMBER}},
        {"machineDetection": {"strategy": "Continue", "eventUrl": "https://acme.test/e"}},
        {"dialPlan": {"verbs": [PLAY, PLAY]}},
        {"dialPlan": {"verbs": [say(), PLAY]}},
        {"dialPlan": {"verbs": [{**PLAY, "repeat": 1}]}},
        {
            "dialPlan": {
                "verbs": [say(), {"type": "SAY", "message": {"language": "en-GB", "text": "x"}}]
            }
        },
        {"dialPlan": {"verbs": [say("x" * 1401)]}},
        {"dialPlan": {"verbs": [say("x" * 1395 + "&")]}},
    ],
)
def test_a_call_that_infobip_has_no_form_for_is_not_carried(members: dict[str, Any]) -> None:
    """Another provider may have one."""
    with pytest.raises(CannotCarry):
        sent({**voice(), **members})
