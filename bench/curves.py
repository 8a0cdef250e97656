"""Draws percentile curves as SVG: the further right, the rarer; the higher, the later."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from bench.isolation import Found, Rounds
from bench.spread import pooled

WIDTH, HEIGHT = 440, 330
LEFT, RIGHT, TOP, BOTTOM = 60, 16, 44, 88
COLOURS = {"dead": "#c0392b", "healthy": "#2471a3", "no": "#7d8590"}
"""By a word of what is drawn."""

LEAST = 0.001
"""Seconds: no clock here is finer."""

TICKS = ((0.0, "0"), (0.5, "50"), (0.9, "90"), (0.99, "99"), (0.999, "99.9"))
STYLE = (
    "text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold;font-size:13px}"
    ".grid{stroke:#d0d7de}.curve{fill:none;stroke-width:2}"
)


def drawn(found: Found) -> str:
    """The picture: receipts and failing over, side by side."""
    panels = [
        _panel("From event to receipt, healthy receiver", found.receipts),
        _panel("From failed step to next send", found.failovers),
    ]
    whole = WIDTH * len(panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {HEIGHT}" width="{whole}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{whole}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for place, panel in enumerate(panels):
        lines += [f'<g transform="translate({place * WIDTH})">', *panel, "</g>"]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(title: str, sides: Mapping[str, Rounds]) -> Iterator[str]:
    times = {name: sorted(pooled(rounds)) for name, rounds in sides.items()}
    ceiling = max(each[-1] for each in times.values())
    floor = min(each[0] for each in times.values())
    scale = _Scale(floor, ceiling)
    yield f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>'
    yield from _grid(scale)
    for place, (name, each) in enumerate(times.items()):
        colour = next(colour for word, colour in COLOURS.items() if word in name.split())
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in scale.points(each))
        yield f'<polyline class="curve" stroke="{colour}" points="{points}"/>'
        y = HEIGHT - BOTTOM + 42 + 15 * place
        yield f'<line x1="{LEFT}" x2="{LEFT + 20}" y1="{y}" y2="{y}" stroke="{colour}"/>'
        yield f'<text x="{LEFT + 26}" y="{y + 4}">{escape(name)}</text>'


def _grid(scale: "_Scale") -> Iterator[str]:
    for share, label in TICKS:
        x = scale.across(share)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        y = HEIGHT - BOTTOM + 16
        yield f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{label}</text>'
    y = HEIGHT - BOTTOM + 31
    yield f'<text x="{WIDTH - RIGHT}" y="{y}" text-anchor="end">percentile</text>'
    for seconds in scale.ticks():
        up = scale.up(seconds)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up:.1f}" y2="{up:.1f}"/>'
        label = f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.0f} s"
        yield f'<text x="{LEFT - 6}" y="{up + 4:.1f}" text-anchor="end">{label}</text>'


class _Scale:
    """Where times and shares stand; both logarithmic, shares by what is left of them."""

    def __init__(self, floor: float, ceiling: float) -> None:
        self._floor = math.log10(max(floor, LEAST))
        self._ceiling = math.log10(max(ceiling, 2 * LEAST) * 1.05)

    def across(self, share: float) -> float:
        """Nines from left to right; three of them, and the rest stays at the edge."""
        return LEFT + (WIDTH - LEFT - RIGHT) * min(3.0, -math.log10(1 - share)) / 3

    def up(self, seconds: float) -> float:
        """The latest at the top."""
        height = (math.log10(seconds) - self._floor) / (self._ceiling - self._floor)
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(1.0, max(0.0, height))

    def ticks(self) -> Iterator[float]:
        """1, 2 and 5 of each power of ten."""
        for power in range(math.floor(self._floor), math.ceil(self._ceiling) + 1):
            for each in (1, 2, 5):
                if self._floor <= math.log10(each * 10.0**power) <= self._ceiling:
                    yield each * 10.0**power

    def points(self, times: Sequence[float]) -> Iterator[tuple[float, float]]:
        """Of each time, from the earliest to the latest."""
        for place, seconds in enumerate(times):
            yield self.across(place / len(times)), self.up(max(seconds, LEAST))
