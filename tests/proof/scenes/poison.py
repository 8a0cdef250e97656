"""Bodies that break what reads them: each is refused as the contract says, or is a flow."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import cycle
from random import Random
from typing import Any

import httpx

from tests.fuzz.hostile import NUMBERS, RAW, TEXTS
from tests.proof.faults.base import Strike, chance, over, struck
from tests.proof.ledger import Entry
from tests.proof.plan import FlowPlan
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.scenes.histories import failed_tasks, histories
from tests.proof.site import Site

MOST_BYTES = 64 * 1024
DEEP = 30_000
FLOOD = 10_000

PLACEHOLDER = "poison-goes-here"
"""Stands where a piece of JSON is put in as it is, be it JSON or not."""

MEMBERS = ("ttl", "from", "to", "message", "templateId", "templateLang", "templateParams", "type")
"""Members of steps that are poisoned, where a step has them, and added where it has not."""


class PoisonBodies(Scene):
    """NUL, lone surrogates, 64 kB, emoji, deep nesting, huge numbers, wrong types."""

    name = "set piece: poison bodies"
    patience = 1800.0

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """Nothing but 4xx in the contract's shape, or a flow; no task of any flow fails."""
        counts: Counter[int] = Counter()
        accepted: list[Entry] = []
        doors = cycle(site.doors.items())
        struck(strike)
        for what, plan, body in self._bodies(site, cast):
            name, door = next(doors)
            answer = await door.post(plan.door, content=body, headers=_headers(), timeout=60)
            counts[answer.status_code] += 1
            if answer.is_success:
                flow = answer.json()["trackingId"]
                accepted.append(site.ledger.adopt(plan, strike.round.number, name, flow))
            elif wrong := _is_wrong(answer):
                strike.wrongs.append(f"{what} was answered {wrong}")
        over(strike)
        await cast.over(accepted)
        failed = [why for each in await histories(site, accepted) for why in failed_tasks(each)]
        demand(strike, not failed, f"{len(failed)} workflow tasks failed: {failed[:3]}")
        said = ", ".join(f"{code}: {counts[code]}" for code in sorted(counts))
        strike.proofs.append(
            f"{sum(counts.values())} bodies ({said}); {len(accepted)} flows, all over; "
            f"{len(failed)} workflow tasks failed"
        )

    def _bodies(self, site: Site, cast: Cast) -> Iterator[tuple[str, FlowPlan, bytes]]:
        """What is wrong with it, the flow that it is if it is taken, and the body."""
        random = chance(cast.strike.round)
        receiver = site.callbacks.url
        for what, poison in {**_pieces(), **_shapes()}.items():
            for member in random.sample(MEMBERS, 2):
                plan = cast.plan("0101", *random.choice((("Sms",), ("Viber",))))
                yield f"{what} as {member}", plan, _poisoned(plan.body(receiver), member, poison)
        for poison in map(str.encode, TEXTS):
            for channel in ("Sms", "Viber"):
                plan = cast.plan("0101", channel)
                yield f"text {poison[:12]!r}", plan, _with_text(plan.body(receiver), poison)
        for what in _wholes(cast.plan("0101", "Sms").body(receiver), random):
            plan = cast.plan("0101", "Sms")
            yield what, plan, _wholes(plan.body(receiver), random)[what]


def _headers() -> Mapping[str, str]:
    return {"content-type": "application/json"}


def _is_wrong(answer: httpx.Response) -> str:
    """What is, if the answer to a refused body is not the contract's."""
    if not 400 <= answer.status_code < 500:
        return f"{answer.status_code}: {answer.text[:200]}"
    try:
        said: Mapping[str, Any] = answer.json()
        right = str(said["code"]).startswith(str(answer.status_code)) and said["developerMessage"]
    except (ValueError, KeyError, TypeError):
        right = False
    return "" if right else f"{answer.status_code} in another shape: {answer.text[:200]}"


def _pieces() -> Mapping[str, bytes]:
    """Pieces of JSON, and some that are none."""
    numbers = {f"number {each[:8]}": each.encode() for each in NUMBERS}
    return numbers | {f"raw {each[:8]!r}": each for each in RAW}


def _shapes() -> Mapping[str, bytes]:
    """Values of other types and sizes."""
    return {
        "nested lists": b"[" * DEEP + b"]" * DEEP,
        "nested members": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        "60 kB": b'"' + b"a" * (60 * 1024) + b'"',
        "64 kB": b'"' + b"a" * MOST_BYTES + b'"',
        "many members": json.dumps({str(each): each for each in range(3_000)}).encode(),
    }


def _poisoned(body: dict[str, Any], member: str, poison: bytes) -> bytes:
    """The body with that as a member of its first step."""
    body["flow"][0][member] = PLACEHOLDER
    return _filled(body, poison)


def _with_text(body: dict[str, Any], poison: bytes) -> bytes:
    """The body with that as its text, or as a parameter of its template."""
    step = body["flow"][0]
    if "templateParams" in step:
        step["templateParams"]["customer_name"] = PLACEHOLDER
    else:
        step["message"]["body"] = PLACEHOLDER
    return _filled(body, poison)


def _filled(body: dict[str, Any], poison: bytes) -> bytes:
    return json.dumps(body).encode().replace(f'"{PLACEHOLDER}"'.encode(), poison)


def _wholes(body: dict[str, Any], random: Random) -> Mapping[str, bytes]:
    """Bodies that are wrong as a whole; none of them is a flow."""
    right = json.dumps(body).encode()
    (step,) = body["flow"]
    return {
        "nothing": b"",
        "half": right[: random.randrange(1, len(right))],
        "UTF-16": right.decode().encode("utf-16"),
        "not UTF-8": right.replace(b"ready", b"r\xe9\xff"),
        "NULs": b"\0" * 1000,
        "more behind": right + b"}",
        "no steps": json.dumps({**body, "flow": []}).encode(),
        "11 steps": json.dumps({**body, "flow": [step] * 11}).encode(),
        "many steps": json.dumps({**body, "flow": [{}] * FLOOD}).encode(),
        "steps of null": json.dumps({**body, "flow": [None]}).encode(),
        "a flow by name": json.dumps({**body, "flow": {"0": step}}).encode(),
        "an array of it": b"[" + right + b"]",
        "1 MB": right[:-1] + b" " * 1_000_000 + b"}",
        "a callback to a file": json.dumps({**body, "callback": {"url": "file:///etc"}}).encode(),
        "a long address": json.dumps(
            {**body, "callback": {"url": "http://127.0.0.1/" + "a" * 9_000}}
        ).encode(),
        "another strategy": json.dumps(
            {**body, "callback": {"strategy": "\0", "url": body["callback"]["url"]}}
        ).encode(),
    }
