"""What a run asked and was told, for people."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

SHOWN = 3
"""Of failures of the same kind."""


@dataclass
class Tally:
    """Answers by the operation and the kind of case; checks that passed; failures by their kind."""

    answers: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    checks: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def answered(self, operation: str, kind: str, status: int) -> None:
        """Count an answer."""
        self.answers.setdefault((operation, kind), Counter())[status] += 1

    def took(self, what: str, seconds: float) -> None:
        """Add to the time that it took."""
        self.seconds[what] = self.seconds.get(what, 0) + seconds

    def failed(self, what: str, how: str) -> None:
        """Remember a failure, and how to have it again."""
        self.failures.setdefault(what, []).append(how)

    def told(self) -> str:
        """The failures, the first few of each kind."""
        return "\n\n".join(
            f"{what}, {len(every)} times:\n" + "\n".join(every[:SHOWN])
            for what, every in self.failures.items()
        )

    def lines(self) -> Iterator[str]:
        """The tables."""
        yield ""
        yield f"{'operation':38} {'cases':18} {'sent':>6} {'2xx':>6}  statuses"
        for (operation, kind), statuses in sorted(self.answers.items()):
            sent = statuses.total()
            good = sum(count for status, count in statuses.items() if status < 300) / sent
            listed = " ".join(f"{status}:{count}" for status, count in sorted(statuses.items()))
            yield f"{operation:38} {kind:18} {sent:6} {good:6.0%}  {listed}"
        yield ""
        for check, count in sorted(self.checks.items()):
            yield f"{check:38} {'passed':18} {count:6}"
        sent = sum(statuses.total() for statuses in self.answers.values())
        failures = sum(map(len, self.failures.values()))
        took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        yield ""
        yield f"{sent} requests, {self.checks.total()} checks passed, {failures} failed: {took}"
