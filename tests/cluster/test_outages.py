"""Every process of the cluster and of ours killed with -9 under load, and what clients saw."""

import pytest

from tests.cluster.service import APIS, WORKERS
from tests.cluster.transcript import Judged
from tests.engines.configuration import SERVICES

pytestmark = [pytest.mark.server, pytest.mark.timeout(1800)]

KILLED = ("postgres", *SERVICES, *WORKERS, *APIS)


@pytest.mark.parametrize("part", KILLED)
async def test_no_flow_is_lost_and_no_step_sent_twice(judged: Judged, part: str) -> None:
    """Each flow that the outage met ends as it must, and its client is told so once."""
    (outage,) = [each for each in judged.play.outages if each.part == part]
    flows = [each.flow for each in outage.flows]

    assert outage.in_flight > 0
    assert outage.seconds > 0
    assert None not in flows
    assert [fault for flow in flows if flow for fault in judged.faults[flow]] == []
    assert [flow for flow in flows if flow and judged.second_sends(flow)] == []


async def test_all_flows_of_the_run_are_well(judged: Judged) -> None:
    """Also those between the outages: what was accepted is kept."""
    posted = judged.play.load.flows

    assert all(each.flow for each in posted)
    assert len(judged.seen) == len(posted)
    assert [fault for faults in judged.faults.values() for fault in faults] == []


async def test_no_request_was_answered_with_another_fault_than_503(judged: Judged) -> None:
    """A client knows by it that nothing was done, or that it may ask again."""
    statuses = {each.status for each in judged.play.load.client.answers}

    assert statuses <= {200, 503, None}
