"""Leniencies, and what the schema of a request says of them (contract.md §2, §12)."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.channels import StandardStep
from domain.lenient import Blank, in_any_case
from domain.wire import is_blank
from tests.samples import sms, voice

STEP: TypeAdapter[Any] = TypeAdapter(StandardStep)

BLANKS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, "", " ", "\t\n\x1c\x85\u2003", "\ufeff", "x", 0, False, []]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
)


@given(BLANKS)
def test_the_schema_of_what_is_blank_is_the_rule_itself(value: Any) -> None:
    """Null, blank texts, empty lists, objects of nothing else, however deep."""
    try:
        Blank.model_validate(value)
    except ValidationError:
        assert not is_blank(value)
    else:
        assert is_blank(value)


@given(st.sampled_from(["Sms", "NoAnswer", "starts_with"]), st.data())
def test_a_pattern_takes_a_word_in_any_case(word: str, data: st.DataObject) -> None:
    """Letter by letter, and no other word."""
    other = "".join(data.draw(st.sampled_from([each.upper(), each.lower()])) for each in word)
    assert re.fullmatch(in_any_case([word]), other)
    assert not re.fullmatch(in_any_case([word]), other + "s")


@pytest.mark.parametrize("flag", [1, 0, 1.0, "yes", "on", "1", "t", "", [], "truely"])
def test_a_flag_is_true_or_false(flag: Any) -> None:
    """Or those words; a blank one is absent."""
    step = sms(message={"body": "x", "flash": flag})
    if is_blank(flag):
        assert not STEP.validate_python(step).message.flash
        return
    with pytest.raises(ValidationError, match="Input should be true or false"):
        STEP.validate_python(step)


@pytest.mark.parametrize(("ttl", "read"), [("60", 60), ("+60", 60), ("060", 60), ("60.0", 60)])
def test_a_number_may_be_a_text(ttl: str, read: int) -> None:
    """Of digits, as typed clients write them."""
    assert STEP.validate_python(sms(ttl=ttl)).ttl == read


@pytest.mark.parametrize("ttl", [True, "6_0", "1e2", " 60", "60\n", "٦٠", "0x3c", "NaN"])
def test_a_number_is_no_other_text(ttl: Any) -> None:
    """What only Python reads as one."""
    with pytest.raises(ValidationError, match="Input should be a number"):
        STEP.validate_python(sms(ttl=ttl))


def _schema(mode: Any) -> Any:
    return TypeAdapter(StandardStep).json_schema(mode=mode)["$defs"]


def test_only_requests_are_lenient() -> None:
    """An answer holds the canonical form: that is what a client generates its code for."""
    asked, answered = _schema("validation")["Sms"], _schema("serialization")["Sms"]
    assert {"$ref": "#/$defs/Blank"} in asked["properties"]["ttl"]["anyOf"]
    assert answered["properties"]["ttl"]["type"] == "integer"
    assert answered["properties"]["type"]["const"] == "Sms"
    assert "Blank" not in str(answered)


def test_a_channels_statuses_are_in_its_schema() -> None:
    """A list of its words, a text with commas, or nothing; the default is the channel's."""
    statuses = _schema("validation")["Voice"]["properties"]["failoverOnStatuses"]
    listed, text, absent = statuses["anyOf"]
    assert listed["items"]["anyOf"][0]["enum"][:2] == ["Completed", "Busy"]
    assert re.fullmatch(text["pattern"].strip("^$"), "busy, NOANSWER ,")
    assert not re.fullmatch(text["pattern"].strip("^$"), "busy NOANSWER")
    assert absent == {"$ref": "#/$defs/Blank"}
    assert statuses["default"] == ["Busy", "NoAnswer"]


def test_a_dial_plan_is_required_under_one_of_its_names() -> None:
    """The schema says so as the model does."""
    asked = _schema("validation")["Voice"]
    assert "dialPlan" not in asked["required"]
    assert asked["anyOf"] == [
        {"required": [each]} for each in ("dialPlan", "dialplan", "dialPlans")
    ]
    with pytest.raises(ValidationError, match="Field required"):
        STEP.validate_python(voice(dialPlan=None))
