"""A patched workflow is rolled out: old and new workers side by side, swapped one by one."""

import signal
from collections.abc import Mapping, Sequence

from tests.nursery import FAILOVER
from tests.proof.faults.base import Strike, over, reached, struck
from tests.proof.ledger import Entry
from tests.proof.members import Member
from tests.proof.plan import Channel
from tests.proof.scenes.base import Cast, Scene, demand
from tests.proof.scenes.histories import failed_tasks, histories
from tests.proof.settling import settled
from tests.proof.site import Site
from tests.workflows.upgrades.reading import builds, marks
from tests.workflows.upgrades.rolling import NEXT, NEXT_WORKER, THIS, next_environment
from tests.workflows.upgrades.stages import PATCH

FLOWS = 4
"""How many are posted at each stage of the deploy, and how many go through all of them."""

STRETCH = 10
"""Those that go through all of it have so many times the shortest ttl: their reports end them."""

PAIR: tuple[Channel, ...] = ("Viber", "Sms")


class RollingDeploy(Scene):
    """First the patch is held everywhere, then it is begun everywhere, as docs/upgrades.md says."""

    name = "set piece: rolling deploy of a patched workflow"
    patience = 1800.0

    async def play(self, site: Site, strike: Strike, cast: Cast) -> None:
        """No task of any flow fails, whoever of them ran it.

        At each stage reports are held back, so that flows begin on one worker and go on with
        another. Nothing else runs meanwhile: what next workers played, only they can replay.
        """
        first, second = site.workers
        await settled(site)
        own = {member.name: member.environment for member in site.workers}
        struck(strike, *own)
        try:
            entries = [*await self._amid(site, cast, first, signal.SIGTERM, _build(THIS))]
            entries += await self._amid(site, cast, second, signal.SIGKILL, _build(THIS))
            for held, how in ((True, signal.SIGTERM), (False, signal.SIGKILL)):
                for member in (first, second):
                    member.module = NEXT_WORKER
                    environment = next_environment(held=held)
                    entries += await self._amid(site, cast, member, how, environment)
            await self._none_runs(site, cast, entries)
        finally:
            for member in site.workers:
                member.module, member.environment = FAILOVER, own[member.name]
                await member.kill(signal.SIGTERM)
                await member.start()
        over(strike)
        await self._look(site, strike, entries)

    async def _amid(
        self,
        site: Site,
        cast: Cast,
        member: Member,
        how: signal.Signals,
        environment: Mapping[str, str],
    ) -> Sequence[Entry]:
        """Swap the worker while flows wait for the report that makes them fail over."""
        site.reports.requests.clear()
        try:
            entries = await cast.post(cast.plans(FLOWS, "0102", *PAIR, stretch=STRETCH))
            await reached(lambda: all(map(cast.is_sent, entries)))
            await member.kill(how)
            member.environment = {**member.environment, **environment}
            await member.start()
        finally:
            site.reports.requests.set()
        return entries

    async def _none_runs(self, site: Site, cast: Cast, entries: Sequence[Entry]) -> None:
        await cast.over(entries)
        await settled(site)

    async def _look(self, site: Site, strike: Strike, entries: Sequence[Entry]) -> None:
        """By their histories."""
        every = await histories(site, entries)
        failed = [why for history in every for why in failed_tasks(history)]
        demand(strike, not failed, f"{len(failed)} workflow tasks failed: {failed[:3]}")
        ran = [set(builds(history)) for history in every]
        both = sum({THIS, NEXT} <= each for each in ran)
        marked = sum(PATCH in marks(history) for history in every)
        demand(strike, 0 < marked < len(every), f"{marked} of {len(every)} flows are patched")
        if both and marked:
            strike.proofs.append(
                f"6 workers swapped, 3 of them killed; of {len(every)} flows {both} were run by "
                f"{THIS} and {NEXT}, {marked} are patched; {len(failed)} workflow tasks failed"
            )


def _build(build: str) -> Mapping[str, str]:
    return {"FAILOVER_BUILD": build}
