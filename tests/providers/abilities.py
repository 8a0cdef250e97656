"""What a case of the contract may need of a provider: its capabilities say whether it has it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import pytest

from providers.base import Capabilities, Content

Test = TypeVar("Test", bound=Callable[..., Any])


class Ability(StrEnum):
    """What not every provider has."""

    DEDUPLICATES = "deduplicates"
    TEMPLATES = "carries templates"
    SPANS = "has a shortest validity"
    ASKS = "can be asked"


HAS: Mapping[Ability, Callable[[Capabilities], bool]] = {
    Ability.DEDUPLICATES: lambda can: can.deduplicates,
    Ability.TEMPLATES: lambda can: Content.TEMPLATE in can.contents,
    Ability.SPANS: lambda can: any(span.shortest > 2 for span in can.spans.values()),
    Ability.ASKS: lambda can: bool(can.asks),
}
"""By what capability a provider has it."""


def needs(ability: Ability) -> Callable[[Test], Test]:
    """The case is for providers with that ability alone."""

    def mark(test: Test) -> Test:
        test.__dict__["needs"] = ability
        return test

    return mark


def needed(test: Callable[..., Any]) -> Ability | None:
    """What the case needs, if anything."""
    ability: Ability | None = getattr(test, "needs", None)
    return ability


def skip_without(ability: Ability | None, capabilities: Capabilities) -> None:
    """Skip the test where the capabilities say that the provider cannot: nothing else may."""
    if ability and not HAS[ability](capabilities):
        pytest.skip(f"not one that {ability}")
