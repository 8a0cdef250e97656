"""What CPU processes used, by their roles, and how much of the machine others had."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
"""A second."""

WAITING = "waiting"
"""The role of the sides whose turn it is not."""

Roots = Mapping[str, Sequence[int]]
"""The first processes of each role; those below them are of the same role."""


@dataclass(frozen=True)
class Process:
    """A line of /proc: who started it, and the seconds that it and its ended children used."""

    parent: int
    seconds: float


@dataclass(frozen=True)
class Moment:
    """What had been used by then: seconds of each role; of the machine, busy, stolen and in all."""

    roles: Mapping[str, float]
    busy: float
    stolen: float
    all: float


@dataclass(frozen=True)
class Used:
    """Between two moments: seconds of CPU of each role; and three shares of the machine's.

    `waiting` was used by sides whose turn it was not, `others` by whom we do not know, `stolen`
    taken away by the host.
    """

    roles: Mapping[str, float]
    waiting: float
    others: float
    stolen: float


def parse_process(stat: str) -> Process:
    """Of /proc/{pid}/stat; a name in it may hold anything, brackets and spaces too."""
    after_name = stat.rpartition(")")[2].split()
    return Process(int(after_name[1]), sum(map(int, after_name[11:15])) / TICKS)


def parse_machine(stat: str) -> tuple[float, float, float]:
    """Of /proc/stat, its first line: seconds busy, stolen and in all since the start."""
    user, nice, system, idle, waiting, hard, soft, stolen = map(int, stat.split()[1:9])
    busy = user + nice + system + hard + soft
    return busy / TICKS, stolen / TICKS, (busy + stolen + idle + waiting) / TICKS


def by_role(processes: Mapping[int, Process], roots: Roots) -> dict[str, float]:
    """The seconds of each role: its roots, and all below them."""
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    return {
        role: sum(processes[pid].seconds for pid in _below(pids, children) if pid in processes)
        for role, pids in roots.items()
    }


def _below(pids: Iterable[int], children: Mapping[int, Sequence[int]]) -> set[int]:
    found, waiting = set[int](), list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found


def now(roots: Roots) -> Moment:
    """What has been used so far."""
    processes = {}
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):  # it has just ended
            processes[int(directory.name)] = parse_process((directory / "stat").read_text())
    busy, stolen, everything = parse_machine(Path("/proc/stat").read_text())
    return Moment(by_role(processes, roots), busy, stolen, everything)


def between(before: Moment, after: Moment) -> Used:
    """What was used from the one to the other; the role WAITING becomes a share."""
    roles = {role: after.roles[role] - before.roles[role] for role in before.roles}
    everything = max(after.all - before.all, 1 / TICKS)
    others = max(0.0, after.busy - before.busy - sum(roles.values()))
    waiting = roles.pop(WAITING, 0.0)
    stolen = after.stolen - before.stolen
    return Used(roles, waiting / everything, others / everything, stolen / everything)
