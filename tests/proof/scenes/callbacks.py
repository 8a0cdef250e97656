"""A receiver is down while many flows end: its callbacks pile up, and all of them arrive."""

import time
from contextlib import suppress
from pathlib import Path

from tests.chaos.evidence import gathered
from tests.conftest import until
from tests.proof.faults.base import Strike, over, refuses, struck
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.site import Site

SHARE = 10
"""One flow for so many of a flood."""

ARRIVING = 240.0
"""Seconds within which all have arrived once it is back: repetitions come 30, 60, 120, 300 s on."""


class CallbackBacklog(Scene):
    """Nobody listens where clients are told, then somebody does."""

    name = "set piece: a backlog of callbacks"
    patience = 1200.0

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """Failing over does not wait for it, and in the end each client knows its flow's end."""
        many = max(20, cast.scale.many // SHARE)
        struck(strike, site.receiver.name)
        await site.receiver.end()
        refused = await refuses(site.receiver.post.port)
        try:
            entries = await cast.post(cast.plans(many, "0102"))
            began = time.monotonic()
            await cast.over(entries)
            seconds = time.monotonic() - began
        finally:
            await site.receiver.begin()
        over(strike)
        paths = {entry.plan.path for entry in entries}
        notes = Path(site.receiver.post.file)

        def missing() -> set[str]:
            """Those whose last event has not arrived."""
            receipts = gathered([notes])
            return {
                path for path in paths if not any(each.taken for each in receipts.get(path, ()))
            }

        with suppress(TimeoutError):
            await until(lambda: not missing(), ARRIVING, every=2.0)
        demand(strike, not missing(), f"{len(missing())} clients heard nothing")
        if refused:
            strike.proofs.append(
                f"its port refused while {many} flows ended, the last {seconds:.0f} s after it was "
                f"accepted; all had news {time.time() - strike.over:.0f} s after it was back"
            )
