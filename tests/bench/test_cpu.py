"""Whose CPU it was: figures of processes, put together by role."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import cpu
from bench.cpu import TICKS, WAITING, Moment, Process

STAT = "4711 ({name}) S 42 4711 4711 0 -1 4194560 100 0 0 0 {times} 20 0 1 0 500 1000 10 0"


@given(name=st.text(st.characters(exclude_characters="\n"), max_size=15))
def test_a_process_is_read_whatever_its_name_is(name: str) -> None:
    """Names hold spaces and brackets: `postgres: checkpointer`, `(sd-pam)`."""
    read = cpu.parse_process(STAT.format(name=name, times=f"{TICKS} {2 * TICKS} 0 {TICKS}"))
    assert read == Process(parent=42, seconds=4.0)


def test_the_machine_is_busy_but_not_while_it_waits_or_is_taken_away() -> None:
    """A wait for the disk is idle time, and what the host took away nobody used."""
    stat = "cpu  100 20 30 1000 500 4 6 50 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
    busy, stolen, everything = cpu.parse_machine(stat)
    found = [each * TICKS for each in (busy, stolen, everything)]
    assert found == pytest.approx([160, 50, 1710])


def test_a_role_has_its_first_processes_and_all_below_them() -> None:
    """PostgreSQL's work is done by its children, the engine's by one process or several."""
    processes = {
        1: Process(0, 100.0),
        10: Process(1, 1.0),
        11: Process(10, 2.0),
        12: Process(11, 4.0),
        20: Process(1, 8.0),
        30: Process(1, 16.0),
    }
    roles = cpu.by_role(processes, {"PostgreSQL": [10], "engine": [20, 30], "gone": [99]})
    assert roles == {"PostgreSQL": 7.0, "engine": 24.0, "gone": 0}


def test_a_process_named_twice_counts_once() -> None:
    """A cluster's part is named with all that are below it."""
    processes = {10: Process(1, 1.0), 11: Process(10, 2.0)}
    assert cpu.by_role(processes, {"PostgreSQL": [10, 11]}) == {"PostgreSQL": 3.0}


def test_what_nobody_of_ours_used_is_others() -> None:
    """Or a busy neighbour would look like a slow service."""
    before = Moment({"API": 1.0, WAITING: 1.0}, busy=10.0, stolen=1.0, all=100.0)
    after = Moment({"API": 3.0, WAITING: 1.5}, busy=16.5, stolen=2.0, all=120.0)
    used = cpu.between(before, after)
    assert used.roles == {"API": 2.0}
    assert used.waiting == pytest.approx(0.5 / 20)
    assert used.others == pytest.approx(4.0 / 20)
    assert used.stolen == pytest.approx(1.0 / 20)


def test_this_process_is_found_at_work() -> None:
    """The files are read as this system writes them."""
    mine = {"mine": [os.getpid()]}
    before = cpu.now(mine)
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    used = cpu.between(before, cpu.now(mine))
    assert used.roles["mine"] >= 0.15
