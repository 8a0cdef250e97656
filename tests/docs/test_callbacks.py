"""docs/callbacks.md: what it promises to those who write receivers."""

import re
from pathlib import Path

import pytest

from accounts.demonstration import CALLBACK_KEYS
from egress.schedule import HOUR, MINUTE, SLOTS
from egress.signing import TOLERANCE
from tests.receivers.cases import CASES, Case
from tests.receivers.samples import LANGUAGES, PAGE, Program, sample

TEXT = " ".join(PAGE.read_text("utf-8").split())


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The Python sample; `make test-receivers` runs them all."""
    return LANGUAGES["Python"].built(tmp_path_factory.mktemp("receiver"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_python_sample_takes_what_is_right_and_nothing_else(
    program: Program, case: Case
) -> None:
    """It is copied as it stands."""
    assert program.verifies(case) is case.right


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_one_sample(language: str) -> None:
    """With the tolerance that our own check has, and a comparison in constant time."""
    code = sample(LANGUAGES[language].fence)
    assert f"> {TOLERANCE}" in code or f"<= {TOLERANCE}" in code or "5*time.Minute" in code
    assert re.search(r"compare_digest|timingSafeEqual|hmac\.Equal|MessageDigest\.isEqual", code)


def test_the_page_says_the_schedule_that_is_kept() -> None:
    """Receivers plan their maintenance by it."""
    minutes = [f"{slot / MINUTE:g}" for slot in SLOTS if MINUTE <= slot < HOUR]
    hours = [f"{slot / HOUR:g}" for slot in SLOTS if slot >= HOUR]
    said = f"30 s, {', '.join(minutes)} min, {', '.join(hours[:-1])} and {hours[-1]} h"
    assert said in TEXT


def test_every_link_leads_somewhere() -> None:
    """To the files beside it."""
    links = re.findall(r"\]\((?!https:)([^)#]+)\)", PAGE.read_text("utf-8"))
    assert links
    assert [link for link in links if not Path(PAGE.parent, link).exists()] == []


def test_the_page_shows_no_key() -> None:
    """Somebody would copy it, the demonstration's above all."""
    assert not any(key in TEXT for key in CALLBACK_KEYS.values())
    assert re.findall(r"whsec_[A-Za-z0-9+/]", TEXT) == []
