"""No field is without a test, and docs/fields.md says which."""

import pytest

from tests.api.contract.fields import FIELDS, SECTIONS
from tests.api.contract.table import TESTS, markdown, marked

LISTED = {(section, name) for section, fields in FIELDS.items() for name in fields}
MARKED = marked()


@pytest.mark.parametrize(("section", "name"), sorted(LISTED))
def test_a_field_of_the_contract_has_a_test(section: str, name: str) -> None:
    """A field that nobody tests is a field that may be missing."""
    assert MARKED.get((section, name))


def test_a_mark_names_a_field_of_the_contract() -> None:
    """A slip of the pen would leave the field without its test."""
    assert MARKED.keys() <= LISTED
    assert SECTIONS.keys() == FIELDS.keys()


def test_the_committed_table_is_the_one_that_the_tests_say() -> None:
    """`make fields` writes it."""
    committed = (TESTS.parent / "docs" / "fields.md").read_bytes().decode()
    assert markdown(MARKED) == committed
