"""Draws bars of parts as SVG, legible on a light page and on a dark one."""

from collections.abc import Iterator
from html import escape

from bench.table import Bars

WIDTH, LEFT, RIGHT, TOP = 760, 130, 70, 48
BAR, GAP, LEGEND = 26, 14, 24
COLOURS = {
    "API": "#2f6fb2",
    "worker": "#3f8f5f",
    "API and worker": "#2a8a8f",
    "engine": "#8b6bb1",
    "PostgreSQL": "#b9772a",
}
"""By the part's name."""

OTHER = "#7d8590"

STYLE = (
    "text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold;font-size:14px}"
    ".grid{stroke:#d0d7de}.in{fill:#ffffff;font-size:11px}.page{fill:#ffffff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#30363d}.page{fill:#0d1117}"
    ".in{fill:#ffffff}}"
)
LEAST_LABELLED = 22
"""Pixels below which a part has no figure in it."""


def drawn(bars: Bars) -> str:
    """The picture."""
    parts = list(dict.fromkeys(part for each in bars.bars.values() for part in each))
    longest = max(sum(each.values()) for each in bars.bars.values())
    scale = (WIDTH - LEFT - RIGHT) / longest
    height = TOP + len(bars.bars) * (BAR + GAP) + 20 + LEGEND * _rows(parts) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        f'<text class="title" x="16" y="26">{escape(bars.title)}, {escape(bars.unit)}</text>',
    ]
    for place, (name, each) in enumerate(bars.bars.items()):
        y = TOP + place * (BAR + GAP)
        lines.append(f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(name)}</text>')
        x = float(LEFT)
        for part, value in each.items():
            long = value * scale
            lines.append(
                f'<rect x="{x:.1f}" y="{y}" width="{long:.1f}" height="{BAR}" '
                f'fill="{COLOURS.get(part, OTHER)}"/>'
            )
            if long >= LEAST_LABELLED:
                middle = f'x="{x + long / 2:.1f}" y="{y + 17}" text-anchor="middle"'
                lines.append(f'<text class="in" {middle}>{value:.1f}</text>')
            x += long
        lines.append(f'<text x="{x + 8:.1f}" y="{y + 17}">{sum(each.values()):.1f}</text>')
    return "\n".join([*lines, *_legend(parts, height), "</svg>"]) + "\n"


PER_ROW = 3


def _rows(parts: list[str]) -> int:
    return -(-len(parts) // PER_ROW)


def _legend(parts: list[str], height: int) -> Iterator[str]:
    top = height - LEGEND * _rows(parts)
    for place, part in enumerate(parts):
        x, y = LEFT + place % PER_ROW * 190, top + place // PER_ROW * LEGEND
        colour = COLOURS.get(part, OTHER)
        yield f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="{y}">{escape(part)}</text>'
