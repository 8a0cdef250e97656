"""Reports that nobody of right sends, or not so, or not again: none of them changes anything."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from tests.proof.faults.base import Strike, chance, over, struck
from tests.proof.forging import FOREIGN, KINDS
from tests.proof.ledger import Entry
from tests.proof.notes import Notes
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.scenes.telling import PROVIDER, Teller, report, token
from tests.proof.site import Site

STRETCH = 60
"""The ttls of the flow that runs meanwhile are so many times the shortest: only we end it."""

REPLAYED = 5

LARGE = 1_000_000
DEEP = 50_000

JSON = "application/json"


@dataclass(frozen=True)
class Wrong:
    """A request that is to be turned away with one of these statuses."""

    kind: str
    path: str
    body: bytes
    allowed: tuple[int, ...]
    content_type: str = JSON
    method: str = "POST"
    of_other: bool = False
    """Whether it is a genuine one of the other flow, which may be told of it."""


class ForgedReports(Scene):
    """Every kind of them, at a flow that runs and at one that is over."""

    name = "set piece: forged, foreign and replayed reports"

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """What clients are told is the same before and after."""
        (runs,) = await cast.post(cast.plans(1, "0118", stretch=STRETCH))
        ended = await cast.post(cast.plans(2, "0105"))
        await cast.over(ended)
        await site.forger.forge(chance(strike.round))
        struck(strike)
        counts: Counter[int] = Counter()
        for aim, other in ((runs, ended[0]), (ended[1], ended[0])):
            counts += await self._unmoved(site, strike, cast, aim, other)
        teller = Teller(Notes(site.told))
        door = site.api
        demand(strike, await teller.tell(door, runs, 1, "delivered") == 200, "a genuine one failed")
        await cast.over([runs])
        first = await cast.known(str(runs.flow))
        for _ in range(REPLAYED):
            counts[await teller.tell(door, runs, 1, "delivered")] += 1
        again = await cast.known(str(runs.flow))
        demand(strike, first == again, "a replayed report changed what is told")
        over(strike)
        said = ", ".join(f"{code}: {counts[code]}" for code in sorted(counts))
        strike.proofs.append(f"{sum(counts.values())} reports ({said}); three flows as before")

    async def _unmoved(
        self, site: Site, strike: Strike, cast: Cast, aim: Entry, other: Entry
    ) -> "Counter[int]":
        """All kinds at the flow; returns how often each status was answered."""
        counts: Counter[int] = Counter()
        flows = [str(each.flow) for each in (aim, other)]
        before = [await cast.known(flow) for flow in flows]
        doors = cycle(site.doors.values())
        for wrong in _wrongs(*flows):
            answer = await next(doors).request(
                wrong.method,
                wrong.path,
                content=wrong.body,
                headers={"content-type": wrong.content_type},
                timeout=60,
            )
            counts[answer.status_code] += 1
            if answer.status_code not in wrong.allowed:
                strike.wrongs.append(f"{wrong.kind} was answered {answer.status_code}")
            now = [await cast.known(flow) for flow in flows]
            if now[0] != before[0] or (now != before and not wrong.of_other):
                strike.wrongs.append(f"{wrong.kind} changed what is told")
            before = now
        return counts


def _wrongs(flow: str, other: str) -> Iterator[Wrong]:
    """At the first flow; the other one is over."""
    genuine = f"/reports/{PROVIDER}/{token(flow)}"
    good = json.dumps(report(flow, 1, "delivered")).encode()
    for kind, make in KINDS.items():
        allowed = (200, 404) if kind == FOREIGN else (404,)
        yield Wrong(kind, f"/reports/{PROVIDER}/{make(flow)}", good, allowed)
    # Genuine, but of another flow, which is over: the address decides, whatever the body names.
    late = f"/reports/{PROVIDER}/{token(other)}"
    yield Wrong("another flow's", late, good, (200, 404), of_other=True)
    for provider in ("twilio", "infobip", "nobody", "..", "%00", PROVIDER.upper()):
        yield Wrong(f"to {provider}", f"/reports/{provider}/{token(flow)}", good, (404,))
    for made in ("v1", "v1.k1..", "v2." + token(flow)[3:], "a" * 8000, "%00", "%F0%9F%98%80"):
        yield Wrong(f"token {made[:10]}", f"/reports/{PROVIDER}/{made}", good, (404,))
    for kind, body in _bodies(good).items():
        yield Wrong(kind, genuine, body, (413,) if len(body) >= LARGE else (400,))
    for charset in ("utf-16", "utf-32"):
        body = good.decode().encode(charset)
        yield Wrong(charset, genuine, body, (400,), f"{JSON}; charset={charset}")
    yield Wrong("form", genuine, b"status=delivered", (400,), "application/x-www-form-urlencoded")
    yield Wrong("no body", genuine, b"", (400,), method="GET")
    for method in ("PUT", "DELETE", "PATCH"):
        yield Wrong(method, genuine, good, (405,), method=method)


def _bodies(good: bytes) -> dict[str, bytes]:
    """At the genuine address; none of them says anything."""
    return {
        "1 MB": good[:-1] + b" " * LARGE + b"}",
        "1 MB of text": json.dumps({"status": "delivered", "reason": "a" * LARGE}).encode(),
        "nothing": b"",
        "not JSON": b"delivered",
        "half": good[:20],
        "not UTF-8": good.replace(b"delivered", b"deliver\xe9d\xff"),
        "nested": b"[" * DEEP,
        "nested to its end": b"[" * 20_000 + b"]" * 20_000,
        "null": b"null",
        "a list": b"[" + good + b"]",
        "a text": b'"delivered"',
        "a number": b"1e400",
        "no status": b'{"messageId": "1"}',
    }
