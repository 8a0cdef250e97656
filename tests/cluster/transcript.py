"""The transcript of a run, for people: a table of the outages, and a line for each event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import machine
from tests.cluster.outages import Outage, Play
from tests.kills.checking import Seen

SECTION = "## A run"

HEADINGS = (
    "killed",
    "at, s",
    "away, s",
    "in flight",
    "flows met",
    "503",
    "no answer",
    "latest, s",
    "lost",
    "second sends",
)

NOTES = """\
Away: from the kill until it was ready again. Flows met: those under way at the kill or begun until
the process was back. 503 and no answer: to requests of a client that then asked again, with the
same Idempotency-Key. Latest: by how much a flow's last callback came later than the slowest of its
kind did in calm, at most; flows that wait for a ttl are left out. Lost: flows that were accepted
and did not end as they must, or whose client was not told so exactly once.
"""


@dataclass(frozen=True)
class Judged:
    """A played run, every flow of it, and what is wrong with each."""

    play: Play
    seen: Mapping[str, Seen]
    faults: Mapping[str, Sequence[str]]

    @property
    def rows(self) -> Sequence[Sequence[object]]:
        """A row for each outage, in their order."""
        return [self._row(outage) for outage in self.play.outages]

    def _row(self, outage: Outage) -> Sequence[object]:
        flows = [each.flow for each in outage.flows if each.flow]
        return (
            outage.part,
            f"{self.play.at(outage.killed):.1f}",
            f"{outage.seconds:.1f}",
            outage.in_flight,
            len(outage.flows),
            outage.unavailable,
            outage.unanswered,
            f"{outage.worst(self.play.normal):+.1f}",
            sum(bool(self.faults[flow]) for flow in flows),
            sum(self.second_sends(flow) for flow in flows),
        )

    def second_sends(self, flow: str) -> int:
        """How many messages of the flow came after the first of their step."""
        return sum(count - 1 for count in self.seen[flow].messages.values())

    @property
    def sums(self) -> str:
        """The run in a sentence."""
        answers = self.play.load.client.answers
        refused = sum(each.status == 503 for each in answers)
        silent = sum(each.status is None for each in answers)
        return (
            f"{len(self.seen)} flows, {sum(map(bool, self.faults.values()))} of them lost, "
            f"{sum(map(self.second_sends, self.seen))} second sends; {len(answers)} requests, "
            f"{refused} answered 503 and {silent} not at all, none with another fault"
        )

    def write(self, document: Path) -> None:
        """Replace the document's last section, which is that of the run."""
        text = document.read_text(encoding="utf-8") if document.exists() else ""
        kept = text.partition(SECTION)[0].rstrip()
        document.write_text(f"{kept}\n\n{self._section()}".lstrip(), encoding="utf-8")

    def _section(self) -> str:
        table = [HEADINGS, ["---", *["---:"] * (len(HEADINGS) - 1)], *self.rows]
        lines = [f"| {' | '.join(map(str, row))} |" for row in table]
        return "\n".join(
            (
                SECTION,
                "",
                "Written by `make test-cluster`; the load is that of the minutes before.",
                f"{machine()}.",
                "",
                f"In all: {self.sums}.",
                "",
                *lines,
                "",
                NOTES,
                "```",
                *self.play.lines,
                "```",
                "",
            )
        )
