"""Recipients answer, on the page or by the API, and whoever sent the message hears of it."""

from tests.sandbox.bench import Service


def _listening(service: Service) -> dict[str, object]:
    message = service.message(channel="Viber", content={"text": "Parcel 7731 is ready"})
    return message | {"inboundUrl": f"{service.receiver.origin}/in/{message['reference']}"}


async def test_a_reply_is_posted_to_the_messages_address(service: Service) -> None:
    """With an id of its own; it shows on the phone."""
    message = _listening(service)
    message_id = (await service.send(message)).json()["messageId"]
    answer = await service.client.post(f"/messages/{message_id}/replies", json={"text": "Thanks!"})
    assert answer.status_code == 202
    (told,) = await service.receiver.until(f"/in/{message['reference']}", 1)
    assert told.body == answer.json()
    assert told.body["text"] == "Thanks!"
    page = (await service.client.get("/")).text
    assert '<li class="bubble mine"><p class="text">Thanks!</p></li>' in page
    assert f'data-message="{message_id}"' in page


async def test_a_reply_is_repeated_until_it_is_taken(service: Service) -> None:
    """Like a report."""
    message = _listening(service)
    path = f"/in/{message['reference']}"
    service.receiver.answers[path] = [500, 0]
    message_id = (await service.send(message)).json()["messageId"]
    await service.client.post(f"/messages/{message_id}/replies", json={"text": "Thanks!"})
    told = await service.receiver.until(path, 3)
    assert len({each.body["replyId"] for each in told}) == 1


async def test_nobody_listens_to_replies_to_other_messages(service: Service) -> None:
    """Nor is there a form for one."""
    message_id = (await service.send(service.message(channel="Viber"))).json()["messageId"]
    answer = await service.client.post(f"/messages/{message_id}/replies", json={"text": "Thanks!"})
    assert answer.status_code == 409
    assert f'data-message="{message_id}"' not in (await service.client.get("/")).text
    unknown = await service.client.post("/messages/none/replies", json={"text": "Thanks!"})
    assert unknown.status_code == 404


async def test_an_address_of_another_origin_is_refused(service: Service) -> None:
    """Replies go where reports may go."""
    message = service.message(channel="Viber", inboundUrl="http://127.0.0.1:9/in")
    answer = await service.send(message)
    assert answer.status_code == 400
    assert "inboundUrl" in answer.json()["error"]
