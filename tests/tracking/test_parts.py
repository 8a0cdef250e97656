"""The parts of a long Sms on record."""

import asyncio
from itertools import permutations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.flow import StepRef
from domain.progress import Progress
from domain.status import Status
from storage.seal import Sealer
from tests.samples import sms
from tests.tracking.flows import sealed_flow
from tracking.parts import Parts
from tracking.records import Tracking

DELIVERED, SENT, FAILED = Status.DELIVERED, Status.SENT, Status.FAILED


@pytest.fixture
async def ref(tracking: Tracking, sealer: Sealer) -> StepRef:
    """A step of a flow on record."""
    flow = sealed_flow(sealer, sms())
    await tracking.record(flow, Progress.of(flow))
    return flow.ref(1)


async def test_the_last_delivered_part_delivers_it(database: AsyncEngine, ref: StepRef) -> None:
    """Repeated and late reports change nothing."""
    parts = Parts(database)
    told = [
        await parts.add(ref, part, 3, status)
        for part, status in ((2, DELIVERED), (1, DELIVERED), (1, SENT), (3, SENT), (3, DELIVERED))
    ]
    assert told == [None, None, None, None, DELIVERED]
    assert await parts.add(ref, 2, 3, SENT) is DELIVERED


@pytest.mark.parametrize("order", list(permutations([(1, DELIVERED), (2, FAILED), (3, DELIVERED)])))
async def test_a_failed_part_fails_it_in_any_order(
    database: AsyncEngine, ref: StepRef, order: tuple[tuple[int, Status], ...]
) -> None:
    """From the report of its failure on."""
    parts = Parts(database)
    told = [await parts.add(ref, part, 3, status) for part, status in order]
    failed = order.index((2, FAILED))
    assert told == [None] * failed + [FAILED] * (3 - failed)


async def test_parts_that_come_at_once_are_all_counted(database: AsyncEngine, ref: StepRef) -> None:
    """The one recorded last knows of all others."""
    parts = Parts(database)
    told = await asyncio.gather(*(parts.add(ref, part, 8, DELIVERED) for part in range(1, 9)))
    assert sorted(told, key=str) == [DELIVERED] + [None] * 7


async def test_another_steps_parts_are_another_message(database: AsyncEngine, ref: StepRef) -> None:
    """Also those of the same flow."""
    parts = Parts(database)
    await parts.add(ref, 1, 2, DELIVERED)
    other = ref.model_copy(update={"order": 2})
    assert await parts.add(other, 2, 2, DELIVERED) is None
