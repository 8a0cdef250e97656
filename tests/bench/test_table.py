"""Goals and tables: a figure that misses its goal must say so."""

from bench.table import Goal, Table, spread


def test_a_goal_is_judged_by_the_median() -> None:
    """One disturbed round decides nothing."""
    goal = Goal("CPU a flow", [9.0, 8.0, 40.0], 10.0, "{:.1f} ms")
    assert goal.is_met
    assert str(goal) == (
        "CPU a flow: 9.0 ms (8.0 ms to 40.0 ms); the goal is at most 10.0 ms: met."
    )


def test_a_goal_that_is_missed_stands_out() -> None:
    """Whoever skims the list must see it."""
    goal = Goal("Flows a second", [0.8], 0.85, at_least=True)
    assert not goal.is_met
    assert str(goal) == "Flows a second: 0.80; the goal is at least 0.85: **missed**."


def test_a_goal_that_is_just_reached_is_met() -> None:
    """In both directions."""
    assert Goal("events", [1.0], 1.0).is_met
    assert Goal("share", [0.85], 0.85, at_least=True).is_met


def test_figures_of_rounds_show_how_far_they_lie_apart() -> None:
    """The median alone would hide a noisy machine."""
    assert spread([3.0, 1.0, 2.0]) == "2.0 (1.0 to 3.0)"
    assert spread([2.0]) == "2.0"


def test_a_table_is_markdown() -> None:
    """Its figures are aligned to the right."""
    table = Table(("", "flows/s"), [("ours", "27")], "Pace")
    assert table.markdown() == "Pace:\n\n|  | flows/s |\n|---|---:|\n| ours | 27 |"
