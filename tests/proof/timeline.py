"""Draws one flow whose worker was killed: who said what to whom, and when, as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from tests.proof.evidence import Records
from tests.proof.faults.base import Strike
from tests.proof.figures import taken_over
from tests.proof.ledger import Entry
from tests.proof.site import WORKERS
from tests.proof.stories import Story, Task

LANES = ("client", "API", "engine", *WORKERS, "provider", "receiver")
WANTED = ("answer on its way", "request on its way", "answer arrived", "worker killed")
"""Which kill is drawn, the best first: by words of its name."""

LEFT, LANE, TOP, ROW = 90, 128, 96, 25
WIDTH = LEFT + LANE * len(LANES)
SECOND, LONGEST = 45.0, 150.0
"""Pixels for each second in which nothing happens, and at most."""

STYLE = (
    "text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold;font-size:14px}"
    ".lane{font-weight:bold;text-anchor:middle}.life{stroke:#d0d7de;stroke-width:2}"
    ".said{stroke:#2471a3;stroke-width:1.5}.time{fill:#57606a;text-anchor:end}"
    ".kill{stroke:#c0392b;stroke-width:3}.dead{stroke:#c0392b;stroke-dasharray:2 5;stroke-width:2}"
    ".red{fill:#c0392b;font-weight:bold}.label{paint-order:stroke;stroke:#fff;stroke-width:4px}"
)


@dataclass(frozen=True)
class Said:
    """One arrow, at epoch seconds, between two lanes."""

    at: float
    source: str
    target: str
    text: str


@dataclass(frozen=True)
class Killed:
    """A flow, and the kill that hit it; `again` is the attempt that followed."""

    records: Records
    strike: Strike
    flow: str
    entry: Entry
    story: Story
    again: Task


def chosen(runs: Sequence[Records]) -> Killed | None:
    """The flow that shows best what a kill does; None if no worker was killed amid a send."""
    struck = [(records, strike) for records in runs for strike in records.strikes if strike.fired]
    for words in WANTED:
        for records, strike in struck:
            name = strike.round.fault
            if "worker" in name and words in name and (found := _hit(records, strike)):
                return found
    return None


def _hit(records: Records, strike: Strike) -> Killed | None:
    """Of the flows whose send it hit the one that was taken over first."""
    found: list[Killed] = []
    for flow in {task.flow for task in strike.in_hand if task.name == "send_step"}:
        story, entry = records.stories.get(flow), records.accepted.get(flow)
        again = taken_over(story, strike.at) if story else None
        if story and entry and again:
            found.append(Killed(records, strike, flow, entry, story, again))
    return min(found, key=lambda each: each.again.started, default=None)


def drawn(killed: Killed) -> str:
    """The picture."""
    said = sorted(_all(killed), key=lambda each: each.at)
    places = _places([each.at for each in said], killed)
    height = max(places.values()) + 46
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#2471a3"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        f'<text class="title" x="16" y="26">{escape(_title(killed))}</text>',
        *_lanes(height),
        *_kill(killed, places),
    ]
    for each in said:
        lines += _arrow(each, places[each.at], each.at - said[0].at)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _title(killed: Killed) -> str:
    return f"{killed.strike.round.fault}, seconds since the client asked"


def _all(killed: Killed) -> Iterator[Said]:
    yield from _accepted(killed)
    for task in killed.story.tasks:
        yield from _ran(killed, task)
    yield from _provided(killed)
    for heard in killed.story.told:
        yield Said(heard.at, "API", "engine", f"signal: {heard.status}")
    for receipt in killed.records.receipts.get(killed.entry.plan.path, ()):
        body = f"callback {receipt.seq}, answered {receipt.status}"
        yield Said(receipt.at, _publisher(killed, receipt.at), "receiver", body)


def _accepted(killed: Killed) -> Iterator[Said]:
    for each in killed.entry.tries:
        yield Said(each.asked, "client", "API", "POST")
        answer = "lost" if each.status is None else str(each.status)
        yield Said(each.ended, "API", "client", answer)
    yield Said(killed.story.began, "API", "engine", "start")


def _ran(killed: Killed, task: Task) -> Iterator[Said]:
    if task.name != "send_step":
        return
    worker = killed.records.workers.get(task.worker, WORKERS[0])
    name = f"send {task.order}"
    if task is killed.again:
        victim = killed.strike.victims[0]
        yield Said(task.scheduled, "engine", victim, name)
        name = f"{name}, attempt {task.attempt}"
    yield Said(task.started, "engine", worker, name)
    if task.ended:
        yield Said(task.ended, worker, "engine", "done")


def _provided(killed: Killed) -> Iterator[Said]:
    records = killed.records
    for task in killed.story.sends:
        reference = f"{killed.flow}.{task.order}"
        for each in records.requests.get(reference, ()):
            worker = records.workers.get(task.worker, WORKERS[0])
            if task is killed.again and each.at < killed.strike.at:
                worker = killed.strike.victims[0]
            yield Said(each.at, worker, "provider", "request")
            if each.answered:
                repeated = ", known" if each.status == 200 else ""
                yield Said(each.answered, "provider", worker, f"{each.status}{repeated}")
        for report in records.reports.get(reference, ()):
            yield Said(report.at, "provider", "API", f"report: {report.status}")


def _publisher(killed: Killed, at: float) -> str:
    """Who was telling then."""
    for task in killed.story.tasks:
        if task.name == "publish" and task.started <= at <= (task.ended or at):
            return killed.records.workers.get(task.worker, WORKERS[0])
    return WORKERS[0]


def _places(moments: Sequence[float], killed: Killed) -> dict[float, float]:
    """How far down each moment stands: time as it passes, but room for each line."""
    places: dict[float, float] = {}
    y, last = float(TOP), min(moments)
    for moment in sorted({*moments, killed.strike.at, killed.strike.over}):
        y += max(ROW, min(LONGEST, (moment - last) * SECOND))
        places[moment], last = y, moment
    return places


def _across(lane: str) -> float:
    return LEFT + LANE * (LANES.index(lane) + 0.5)


def _lanes(height: float) -> Iterator[str]:
    for lane in LANES:
        x = _across(lane)
        yield f'<text class="lane" x="{x}" y="62">{lane.replace("-", " ")}</text>'
        yield f'<line class="life" x1="{x}" x2="{x}" y1="72" y2="{height - 16:.0f}"/>'


def _kill(killed: Killed, places: dict[float, float]) -> Iterator[str]:
    strike, victim = killed.strike, killed.strike.victims[0]
    x, y, back = _across(victim), places[strike.at], places[strike.over]
    yield f'<line x1="{x}" x2="{x}" y1="{y:.0f}" y2="{back:.0f}" stroke="#fff" stroke-width="4"/>'
    yield f'<line class="dead" x1="{x}" x2="{x}" y1="{y:.0f}" y2="{back:.0f}"/>'
    for left, right in ((-8, 8), (8, -8)):
        yield (
            f'<line class="kill" x1="{x + left}" x2="{x + right}" y1="{y - 8:.0f}" '
            f'y2="{y + 8:.0f}"/>'
        )
    yield f'<text class="red label" x="{x + 14}" y="{y + 4:.0f}">kill -9</text>'
    yield f'<text class="label" x="{x + 10}" y="{back + 4:.0f}">started again</text>'
    began = min(each.asked for each in killed.entry.tries)
    yield f'<text class="time red" x="{LEFT - 16}" y="{y + 4:.0f}">{strike.at - began:.3f}</text>'
    until = places[killed.again.started]
    edge = _across("engine") - 26
    yield f'<line class="kill" x1="{edge}" x2="{edge}" y1="{y:.0f}" y2="{until:.0f}"/>'
    waited = killed.again.started - strike.at
    middle = _widest([place for place in places.values() if y <= place <= until])
    yield (
        f'<text class="red label" x="{edge - 8}" y="{middle:.0f}" text-anchor="end">'
        f"{waited:.1f} s until the next attempt</text>"
    )


def _widest(places: Sequence[float]) -> float:
    """The middle of the widest gap: there is room for words."""
    gaps = pairwise(sorted(places))
    above, below = max(gaps, key=lambda gap: gap[1] - gap[0])
    return (above + below) / 2


def _arrow(said: Said, y: float, after: float) -> Iterator[str]:
    source, target = _across(said.source), _across(said.target)
    yield f'<text class="time" x="{LEFT - 16}" y="{y + 4:.0f}">{after:.3f}</text>'
    yield (
        f'<line class="said" x1="{source}" x2="{target}" y1="{y:.0f}" y2="{y:.0f}" '
        'marker-end="url(#tip)"/>'
    )
    middle = (source + target) / 2
    yield (
        f'<text class="label" x="{middle}" y="{y - 4:.0f}" text-anchor="middle">'
        f"{escape(said.text)}</text>"
    )
