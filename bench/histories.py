"""How many events the engine keeps of a flow: ours and the barest program's, one by one."""

from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.actions import actions
from bench.bench import Bench, one_step, two_steps
from bench.sides import BARE, OURS, Side
from bench.table import Found, Goal, Table

FLOWS = 5
"""Of each kind, none before the one before it is over: at load reports overtake sends."""

KINDS = {"one step, delivered": one_step, "two steps, the first fails": two_steps}
MORE = 1
"""The one event that we may add: the outcome's search attributes."""


def loads(_: Bench) -> int:
    """Of each side, each kind."""
    return 2 * len(KINDS)


async def measure(bench: Bench) -> Found:
    """Count the events of flows that had the engine to themselves."""
    client = await Client.connect(bench.ground.engine.address)
    counts: dict[str, dict[str, Counter[str]]] = {}
    async with AsyncExitStack() as held:
        several = [
            await held.enter_async_context(bench.ours()),
            await held.enter_async_context(bench.bare()),
        ]
        for side in several:
            counts[side.name] = {
                kind: await _counted(bench, client, side, body(bench.outside.callbacks))
                for kind, body in KINDS.items()
            }
    return found(counts)


async def _counted(bench: Bench, client: Client, side: Side, body: str) -> Counter[str]:
    """The events of a flow by their types: of the histories found, the one that is met most."""
    measured = await bench.load(side, min(FLOWS, bench.plan.flows), in_flight=1, body=body)
    histories: Counter[tuple[tuple[str, int], ...]] = Counter()
    for tracking_id in measured.loaded.ids:
        handle = client.get_workflow_handle(side.workflow_id(tracking_id) or "")
        types = Counter([
            EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
            async for event in handle.fetch_history_events(wait_new_event=False)
        ])  # fmt: skip
        histories[tuple(sorted(types.items()))] += 1
    return Counter(dict(histories.most_common(1)[0][0]))


def found(counts: Mapping[str, Mapping[str, Counter[str]]]) -> Found:
    """What the events of each side's flows say."""
    rows, goals = [], []
    for kind in KINDS:
        ours, bare = counts[OURS][kind], counts[BARE][kind]
        surplus = {
            event: ours[event] - bare[event]
            for event in sorted(ours | bare)
            if ours[event] != bare[event]
        }
        said = ", ".join(f"{event} {each:+d}" for event, each in surplus.items())
        billed = f"{actions(ours)} ({actions(bare)})"
        rows.append((kind, str(ours.total()), str(bare.total()), billed, said))
        more = float(ours.total() - bare.total())
        goals.append(Goal(f"Events more than the barest program's, {kind}", [more], MORE, "{:.0f}"))
    header = ("*OnCompletion*, low load", OURS, BARE, "actions (bare's)", "where they differ")
    return Found([Table(header, rows)], goals)
