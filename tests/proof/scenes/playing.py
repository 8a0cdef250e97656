"""Plays the set pieces, one after the other."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.proof.faults.base import Strike
from tests.proof.plan import Round
from tests.proof.scenes.base import FIRST_PLACE, PLACES, Cast, Scale, Scene
from tests.proof.site import Site


@dataclass
class Stage:
    """Where set pieces are played; `say` is told of each and its seconds.

    `hindered` says why some were not, by their names.
    """

    site: Site
    scale: Scale
    say: Callable[[Strike, float], None]
    strikes: list[Strike] = field(default_factory=list)
    hindered: dict[str, str] = field(default_factory=dict)

    async def play(self, scenes: Sequence[Scene], seed: str, first: int) -> None:
        """All of them; their rounds are counted from that number on."""
        for number, scene in enumerate(scenes):
            if why := await scene.hindrance(self.site):
                self.hindered[scene.name] = why
                continue
            strike = Strike(Round(first + number, scene.name, f"{seed} {scene.name}", 0.0, ()))
            self.strikes.append(strike)
            strike.began = time.time()
            began = time.monotonic()
            await self._play(scene, strike, FIRST_PLACE + number * PLACES)
            strike.ended = time.time()
            self.say(strike, time.monotonic() - began)

    async def _play(self, scene: Scene, strike: Strike, place: int) -> None:
        cast = Cast(self.site, strike, self.scale, place)
        try:
            async with asyncio.timeout(scene.patience):
                await scene.play(self.site, strike, cast)
        except Exception as fault:  # the judge is to hear of it, and the others are to be played
            strike.wrongs.append(f"it was not played to its end: {fault!r}")
        await self.site.mend()
        await cast.posted()
