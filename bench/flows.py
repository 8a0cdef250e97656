"""Flows a second and CPU a flow: ours, the barest program on the same engine, and DBOS."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from statistics import median

from bench import flames
from bench.bench import Bench, Measured
from bench.sides import API, BARE, BOTH, DBOS, OURS, WORKER, Side
from bench.spread import percentile
from bench.table import Bars, Found, Goal, Table, spread

OF_BARE = 0.85
"""The share of the barest program's flows a second that we want."""

ADDED = 10.0
"""Milliseconds of CPU a flow, of API and worker, that we may add to the barest program's."""

OF_DBOS = 0.8
"""The share of DBOS's CPU a flow that API and worker may use."""

PARITY = 1.0
PROCESSES = (1, 2)
"""In how many processes DBOS is run."""

OUR_PARTS = (API, WORKER, BOTH)
Rounds = Mapping[str, Sequence[Measured]]


def loads(bench: Bench) -> int:
    """A warming up and the rounds, of each side."""
    several = 2 + (len(PROCESSES) if has_dbos() else 0)
    return (1 + bench.plan.rounds) * several + (1 if bench.flames else 0)


def has_dbos() -> bool:
    """Whether it is installed: `make setup` does not."""
    return find_spec("dbos") is not None


async def measure(bench: Bench) -> Found:
    """Let each side work off the same flows, in turn."""
    async with AsyncExitStack() as held:
        several: list[Side] = [
            await held.enter_async_context(bench.ours()),
            await held.enter_async_context(bench.bare()),
        ]
        for processes in PROCESSES if has_dbos() else ():
            several.append(await held.enter_async_context(bench.dbos(processes)))
        for side in several:
            await bench.load(side, max(bench.plan.in_flight, bench.plan.flows // 4))
        rounds = await bench.in_turn(several, bench.load)
        if bench.flames:
            mine = several[0]
            async with flames.recorded(mine.roots, bench.flames, f"flames-{bench.ground.kind}"):
                await bench.load(mine)
    return found(rounds, bench.plan.in_flight, [f"{side.name}: {side.about}" for side in several])


def found(rounds: Rounds, in_flight: int, about: Sequence[str]) -> Found:
    """What the rounds of each side say."""
    flows = len(next(iter(rounds.values()))[0].loaded.ended)
    count = len(next(iter(rounds.values())))
    return Found(
        tables=[_pace(rounds), _cpu(rounds)],
        goals=list(_goals(rounds)),
        notes=[
            f"Flows of one Sms that is delivered, *OnCompletion*; {count} rounds of {flows} flows "
            f"for each side, in turn (a b c, c b a, …), {in_flight} flows under way at a time. "
            "Medians of the rounds, and the least and the most; ratios are of the same round.",
            "Processes: " + "; ".join(about) + ".",
        ],
        bars=Bars(
            "CPU of a flow",
            "ms",
            {name: {role: median(each) for role, each in _by_role(each).items()}
             for name, each in rounds.items()},
        ),
    )  # fmt: skip


def pace(measured: Measured) -> float:
    """Flows a second, from the first's being posted to the last's being told."""
    return len(measured.loaded.ended) / measured.loaded.seconds


def cost(measured: Measured, roles: Sequence[str] | None = None) -> float:
    """Milliseconds of CPU a flow, of these roles or of all."""
    used = measured.used.roles
    seconds = sum(each for role, each in used.items() if roles is None or role in roles)
    return seconds * 1000 / len(measured.loaded.ended)


def _by_role(measured: Sequence[Measured]) -> dict[str, list[float]]:
    return {role: [cost(each, [role]) for each in measured] for role in measured[0].used.roles}


def _ratios(ones: Sequence[float], others: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(ones, others, strict=True)]


def _pace(rounds: Rounds) -> Table:
    rows = []
    bare = [pace(each) for each in rounds[BARE]]
    for name, measured in rounds.items():
        paces = [pace(each) for each in measured]
        accepted = [second for each in measured for second in each.loaded.accepted]
        ended = [second for each in measured for second in each.loaded.ended]
        rows.append(
            (
                name,
                spread(paces),
                "1" if name == BARE else spread(_ratios(paces, bare), "{:.2f}"),
                f"{percentile(accepted, 50) * 1000:.0f}",
                f"{percentile(accepted, 99) * 1000:.0f}",
                f"{percentile(ended, 50):.2f}",
                f"{percentile(ended, 99):.2f}",
            )
        )
    header = (
        "", "flows/s", "of bare's", "accepted p50, ms", "p99, ms", "told p50, s", "p99, s",
    )  # fmt: skip
    return Table(header, rows, "Flows a second, and what a client waits at that load")


def _cpu(rounds: Rounds) -> Table:
    roles = list(dict.fromkeys(role for each in rounds.values() for role in each[0].used.roles))
    rows = []
    for name, measured in rounds.items():
        known = _by_role(measured)
        rows.append(
            (
                name,
                *(spread(known[role]) if role in known else "" for role in roles),
                spread([cost(each) for each in measured]),
            )
        )
    return Table(("", *roles, "all"), rows, "CPU a flow, ms")


def _goals(rounds: Rounds) -> list[Goal]:
    paces = {name: [pace(each) for each in measured] for name, measured in rounds.items()}
    parts = {
        name: [cost(each, OUR_PARTS) for each in measured] for name, measured in rounds.items()
    }
    added = [mine - bare for mine, bare in zip(parts[OURS], parts[BARE], strict=True)]
    goals = [
        Goal(
            "Flows a second, of the barest program's",
            _ratios(paces[OURS], paces[BARE]),
            OF_BARE,
            at_least=True,
        ),
        Goal(
            "CPU a flow that API and worker add to the barest program's", added, ADDED, "{:.1f} ms"
        ),
    ]
    for name in rounds:
        if name.startswith(DBOS):
            goals += [
                Goal(
                    f"CPU a flow of API and worker, of that of {name}",
                    _ratios(parts[OURS], parts[name]),
                    OF_DBOS,
                ),
                Goal(
                    f"Flows a second, of those of {name}",
                    _ratios(paces[OURS], paces[name]),
                    PARITY,
                    at_least=True,
                ),
            ]
    return goals
