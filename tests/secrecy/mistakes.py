"""Requests that are refused, each with a secret in it: what the answer must not repeat."""

import json
from typing import Any

import httpx

from tests.samples import sms, viber, viber_message
from tests.secrecy.contents import call, template, text
from tests.secrecy.site import BROKE, NARROW, POOR, Site

FLOWS, TRANSACTIONAL, SEARCH = "/failover", "/failover/transactional", "/failover/tracking"

REFUSALS = {400, 401, 403, 404, 405, 409, 413, 422}
"""The statuses that these are answered with, all in all."""


async def make(site: Site, ended: str) -> set[int]:
    """Make all of them; `ended` is a flow that is over. Returns the statuses that came."""
    answers = [
        *[await site.api.post(TRANSACTIONAL, json=body) for body in _transactional(site)],
        *[await site.api.post(FLOWS, json=body) for body in _standard(site)],
        *[await each for each in _raw(site)],
        *[await each for each in _elsewhere(site, ended)],
        *await _as_nobody(site),
        *await _as_others(site),
        *await _twice(site),
    ]
    taken = [
        f"{each.url.path} {each.request.content[:500]!r}" for each in answers if each.is_success
    ]
    assert not taken, taken
    return {each.status_code for each in answers}


def _flow(*steps: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"flow": list(steps), **members}


def _transactional(site: Site) -> list[Any]:
    made, to = site.secrets, site.secrets.number("0101")
    bad = made["bad request"]
    inside = f"http://10.0.0.1/{made.words['callback address']}"
    named = f"https://shop:{made.words['bad request']}@hooks.acme.test/"
    return [
        _flow(text(site, to, ttl=bad)),
        _flow(text(site, to, type=bad)),
        _flow(text(site, f"{to}{made.words['bad request']}")),
        _flow(text(site, made.number("0101") * 2)),
        _flow(sms(to, message={"body": bad * 2000})),
        _flow(sms(to, **{"from": bad})),
        _flow(viber(to, templateId=bad)),
        _flow(viber(to, templateLang=bad, templateParams={"pin": made.words["pin"]})),
        _flow(viber(to, templateParams={"pin": {"is": made.words["pin"]}})),
        _flow(template(site, to, message={"text": bad})),
        _flow(template(site, to, failoverOnStatuses=[bad])),
        _flow(template(site, to, inboundUrl=inside)),
        _flow(text(site, to), callback={"strategy": bad, "url": site.world.receiver("takes")}),
        _flow(text(site, to), callback={"url": inside}),
        _flow(text(site, to), callback={"url": named}),
        _flow(text(site, to), callback={"url": bad}),
        _flow(call(site, to, dialPlan={"verbs": [{"type": bad}]})),
        _flow(call(site, bad)),
        _flow(*[text(site, to)] * 11),
        [bad],
        bad,
        {},
    ]


def _standard(site: Site) -> list[Any]:
    made, to = site.secrets, site.secrets.number("0101")
    bad = made["bad request"]
    return [
        _flow(template(site, to)),
        _flow(viber_message(to, message={"text": made["text"], "viberFile": {"fileName": bad}})),
        _flow(viber_message(to, message={"text": made["text"], "imageUrl": "https://a.test/1"})),
        _flow(viber_message(to, message={"imageUrl": f"http://a.test/{made.words['picture']}"})),
        _flow(viber_message(to, senderInfoTrackingId=made.words["bad request"])),
        _flow(viber_message(to, label=f"{bad}\n")),
    ]


def _raw(site: Site) -> list[Any]:
    made = site.secrets
    post, bad = site.api.post, made["bad request"]
    body = json.dumps(_flow(text(site, made.number("0101")))).encode()
    kinds = ("text/plain", "application/xml", "multipart/form-data; boundary=x")
    return [
        post(FLOWS, content=body[:-2]),
        post(FLOWS, content=bad.encode("utf-16")),
        post(FLOWS, content=b"[" * 9000 + body),
        post(FLOWS, content=body + b" " * 65536),
        *[post(FLOWS, content=body, headers={"content-type": kind}) for kind in kinds],
        post(FLOWS, content=body[:-1], headers={"idempotency-key": made.words["idempotency key"]}),
        post(FLOWS, content=body, headers={"idempotency-key": made.words["bad request"] * 20}),
    ]


def _elsewhere(site: Site, ended: str) -> list[Any]:
    made, word = site.secrets, site.secrets.words["bad request"]
    get, post = site.api.get, site.api.post
    number = made.number("0101")
    sent = site.world.sends[0]["reportUrl"].removeprefix(str(site.api.base_url))
    return [
        get(f"{SEARCH}/{word}"),
        get(f"{SEARCH}/{number}"),
        get(f"/{word}?to={number}"),
        get(SEARCH, params={"page": word}),
        get(SEARCH, params={"status": made["bad request"], "to": number}),
        post(SEARCH, json={"size": word, "to": number}),
        site.api.request("DELETE", f"{FLOWS}/{ended}/cancel"),
        post(f"{FLOWS}/{ended}/cancel"),
        get("/callbacks", params={"since": word}),
        get(f"/callbacks/{word}"),
        post("/callbacks/replay", json={"since": made["bad request"]}),
        post(f"{sent[:-4]}AAAA", json={"status": "delivered"}),
        post(f"/reports/{word}/{sent.rpartition('/')[2]}", json={"status": "delivered"}),
        post(sent, content=made["bad request"].encode()),
        post(sent, json={"state": made["bad request"]}),
        post(f"/inbound/sandbox/{word}", json={"text": made["reply"], "replyId": "1"}),
        post("/oauth/token", data={"grant_type": word, "scope": word}),
    ]


async def _as_nobody(site: Site) -> list[httpx.Response]:
    made, word = site.secrets, site.secrets.words["bad request"]
    body = _flow(text(site, made.number("0101")))
    gateway = {"X-Gateway-Secret": made.words["gateway secret"]}
    strangers: list[dict[str, str]] = [
        {"authorization": f"Bearer {word}"},
        {"authorization": f"Bearer {(await site.sign_in())[:-3]}AAA"},
        {"authorization": f"Basic {word}"},
        {"authorization": word},
        {"X-Gateway-Secret": word, "X-Account-Id": "acme"},
        {**gateway, "X-Account-Id": made["bad request"].encode().hex() * 5},
    ]
    answers = [await site.api.post(FLOWS, json=body, headers=each) for each in strangers]
    grant = {"grant_type": "client_credentials"}
    for name, secret in ((word, made.client_secret), (NARROW, word)):
        answers.append(await site.api.post("/oauth/token", auth=(name, secret), data=grant))
    scope = grant | {"scope": word}
    own = (NARROW, made.client_secret)
    answers.append(await site.api.post("/oauth/token", auth=own, data=scope))
    return answers


async def _as_others(site: Site) -> list[httpx.Response]:
    """Without the role, and without money."""
    narrow = {"authorization": f"Bearer {await site.sign_in(NARROW)}"}
    broke = {"authorization": f"Bearer {await site.sign_in(BROKE)}"}
    body = _flow(call(site, site.secrets.number("0101")))
    gateway = {
        "X-Gateway-Secret": site.secrets.words["gateway secret"],
        "X-Account-Id": POOR,
        "X-Application-Id": BROKE,
        "X-Roles": "MT_ROLE_FAILOVER",
    }
    return [
        await site.api.post(FLOWS, json=body, headers=each) for each in (narrow, broke, gateway)
    ]


async def _twice(site: Site) -> list[httpx.Response]:
    """The Idempotency-Key of another body."""
    key = {"idempotency-key": site.secrets.words["idempotency key"]}
    first, other = (_flow(text(site, site.secrets.number("0101"))) for _ in range(2))
    await site.api.post(FLOWS, json=first, headers=key)
    return [await site.api.post(FLOWS, json=other, headers=key)]
