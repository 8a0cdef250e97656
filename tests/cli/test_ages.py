"""Ages and moments, as operators write them."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from cli.ages import moment


@pytest.mark.parametrize(
    ("text", "ago"), [("3d", timedelta(days=3)), ("90m", timedelta(minutes=90))]
)
def test_an_age_is_a_moment_so_long_ago(text: str, ago: timedelta) -> None:
    """Counted from now."""
    before = datetime.now(UTC)
    read = moment(text)
    assert before - ago <= read <= datetime.now(UTC) - ago


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-09-01", 0), ("2026-09-01T08:00", 8), ("2026-09-01T08:00+02:00", 6)],
)
def test_a_date_is_of_utc_unless_it_says_otherwise(text: str, hour: int) -> None:
    """As everywhere in what the service says."""
    assert moment(text) == datetime(2026, 9, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "3", "d", "yesterday", "-3d", "999999d", "2026-13-01", "0001-01-01T00:00+14:00"]
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    """Nothing that cannot be meant is taken for something else."""
    with pytest.raises(typer.BadParameter, match="an age, such as"):
        moment(text)
