"""The committed documents are what the code says today; `make docs` writes them."""

import json
from pathlib import Path

from typer.testing import CliRunner

from cli.document import KINDS
from cli.main import app
from domain.channels import ViberMessage, ViberTemplate
from domain.status import Channel, Status

DOCS = Path(__file__).parent.parent.parent / "docs"


def printed(document: str) -> str:
    """What `failover document …` prints, byte for byte."""
    result = CliRunner().invoke(app, ["document", document])
    assert result.exit_code == 0, result.output
    return result.stdout_bytes.decode()


def committed(name: str) -> str:
    """A file of docs/, with its own line ends."""
    return (DOCS / name).read_bytes().decode()


def test_the_committed_openapi_document_is_the_one_that_the_api_serves() -> None:
    """A change of it is a change that clients see: it belongs into the same commit."""
    assert printed("openapi") == committed("openapi.json")


def test_the_committed_failover_table_is_the_one_that_flows_follow() -> None:
    """The table for people and the one in the code cannot drift apart."""
    assert printed("channels") == committed("failover.md")


def test_the_openapi_document_keeps_the_order_of_the_code_and_ends_its_last_line() -> None:
    """Endpoints stand as they are read in the code; tools find a whole last line."""
    text = printed("openapi")

    assert text.endswith("}\n")
    assert list(json.loads(text)) != sorted(json.loads(text))


def test_the_matrix_has_the_documented_21_rows() -> None:
    """One call that completes, five that fail and Viber delivers, fifteen that reach Sms."""
    rows = printed("channels").rpartition("## The documented matrix")[2].splitlines()
    outcomes = [row.split(" | ")[3] for row in rows if row.startswith("| ")][1:]

    assert (len(outcomes), outcomes.count("Succeeded"), outcomes.count("Failed")) == (21, 11, 10)


def test_the_table_has_a_column_for_every_channel_and_names_its_statuses() -> None:
    """A channel that is added to the code cannot be left out of its document."""
    table = printed("channels")

    assert {kind.channel for kind in KINDS} == set(Channel)
    for kind in KINDS:
        assert ", ".join(map(str, kind.allowed)) in table
    assert all(str(status) in table or status.upper() in table for status in Status)


def test_both_kinds_of_viber_steps_have_the_one_column() -> None:
    """The table says that it holds on both endpoints."""
    for name in ("channel", "allowed", "default", "silence", "silence_reason"):
        assert getattr(ViberMessage, name) == getattr(ViberTemplate, name)
    ttls = [kind.model_fields["ttl"] for kind in (ViberMessage, ViberTemplate)]
    assert len({(str(ttl.metadata), ttl.default) for ttl in ttls}) == 1
