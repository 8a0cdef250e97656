"""The addresses that a request gives us to call: none of them may lead inside our network."""

from collections.abc import Iterator, Sequence

from api.bodies import Callback
from domain.address import Address
from domain.channels import ViberMessage, ViberTemplate, Voice
from domain.errors import InvalidRequest
from domain.steps import RequestStep
from egress.reach import Reach


def check(steps: Sequence[RequestStep], callback: Callback | None, reach: Reach) -> None:
    """Check every address, without asking where a name leads: that is known when it is called.

    Raises:
        InvalidRequest: some can never be called; the members' paths say which.
    """
    refused = {
        path: refusal
        for path, url in _given(steps, callback)
        if (refusal := reach.refusal(Address.read(url)))
    }
    if refused:
        raise InvalidRequest(refused)


def _given(steps: Sequence[RequestStep], callback: Callback | None) -> Iterator[tuple[str, str]]:
    for place, step in enumerate(steps):
        match step:
            case ViberMessage(inbound_url=str(url)) | ViberTemplate(inbound_url=str(url)):
                yield f"flow[{place}].inboundUrl", url
            case Voice(machine_detection=detection) if detection and detection.event_url:
                yield f"flow[{place}].machineDetection.eventUrl", detection.event_url
    if callback:
        yield "callback.url", callback.url
