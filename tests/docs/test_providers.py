"""What docs/providers says of the providers, and what the code does."""

import re
from pathlib import Path

import pytest

from domain.status import Channel
from providers.base import Content, Provider, Replying
from providers.sandbox import Sandbox
from settings import Settings
from tests.example import everything, sections

DOCS = Path(__file__).parent.parent.parent / "docs" / "providers"
PAGE = (DOCS / "README.md").read_text(encoding="utf-8")
TABLE = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|")
]
ROWS = {re.sub(r"\[(\w+)\].*", r"\1", row[0]): row[1:] for row in TABLE[2:]}


@pytest.fixture
def providers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Provider]:
    """All there are, with all their settings."""
    monkeypatch.setenv("FAILOVER_CONFIG", str(everything(tmp_path)))
    every: list[Provider] = [*Settings().brands(), Sandbox("http://127.0.0.1:8090")]
    return {each.name: each for each in every}


def test_the_table_says_what_each_provider_can_do(providers: dict[str, Provider]) -> None:
    """Who chooses by it is not led astray."""
    assert TABLE[0][1 : 1 + len(Content)] == list(Content)
    assert {name: _row(each) for name, each in providers.items()} == ROWS


def _row(provider: Provider) -> list[str]:
    can = provider.capabilities
    return [
        *(_word(content in can.contents) for content in Content),
        "one message" if can.deduplicates else "two",
        ", ".join(channel for channel in Channel if channel in can.asks) or "no",
        _word(can.seen),
        _word(isinstance(provider, Replying)),
        _word(can.signed),
    ]


def _word(there: bool) -> str:
    return "yes" if there else "no"


@pytest.mark.parametrize("name", sorted(sections()))
def test_a_providers_page_has_each_of_its_settings(name: str) -> None:
    """By the variable, or its last word beside another's."""
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    for member in sections()[name].model_fields:
        assert f"FAILOVER_{name}_{member}".upper() in page


def test_every_link_of_the_page_leads_somewhere() -> None:
    """Also those to files that are not documents."""
    links = re.findall(r"\]\(([^)#:]+)\)", PAGE)
    assert len(links) > len(sections())
    assert [link for link in links if not (DOCS / link).exists()] == []
