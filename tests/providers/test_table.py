"""Only a capability leaves a case of the contract out, and docs/providers/contract.md says so."""

import pytest

from providers.base import Capabilities, Content
from tests.providers.abilities import HAS, Ability, skip_without
from tests.providers.table import HERE, markdown, providers


def test_the_committed_table_is_the_one_that_the_cases_say() -> None:
    """`make contract` writes it."""
    document = HERE.parent.parent / "docs" / "providers" / "contract.md"
    assert markdown(providers()) == document.read_bytes().decode()


@pytest.mark.parametrize("ability", Ability)
def test_a_provider_that_is_able_is_not_spared(ability: Ability) -> None:
    """And every ability is had by some provider and lacked by another, or it is no distinction."""
    able = [can for can in providers().values() if HAS[ability](can)]
    assert 0 < len(able) < len(providers())
    for can in able:
        skip_without(ability, can)


@pytest.mark.parametrize("ability", Ability)
def test_a_provider_is_spared_by_its_capabilities_alone(ability: Ability) -> None:
    """One that can do nothing beyond an Sms is skipped wherever an ability is needed."""
    nothing = Capabilities(frozenset({Content.SMS}))
    with pytest.raises(pytest.skip.Exception, match=ability):
        skip_without(ability, nothing)
    skip_without(None, nothing)
