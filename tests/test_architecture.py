"""What holds the whole together, checked by reading the code."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import worker
from activities.callbacks import Callbacks
from activities.letters import Letters
from activities.steps import Steps
from api.errors import ANSWERS
from domain import errors
from domain.status import Channel, Status, ladder
from settings import Settings
from tests.providers.contract import ProviderContract
from workflows import names

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "accounts", "activities", "api", "cli", "domain", "egress", "metrics", "providers", "sandbox",
    "settings", "storage", "tracking", "workflows",
)  # fmt: skip
MODULES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "versions" not in path.parts
) + [ROOT / "worker.py"]


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_small(path: Path) -> None:
    """Split at 300 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_nothing_but_the_settings_reads_the_environment() -> None:
    """But for the stack, which makes its children's, and the engine's search along the PATH."""
    readers = {
        str(path.relative_to(ROOT)) for path in MODULES if {"environ", "getenv"} & set(_names(path))
    }
    assert readers == {"cli/stack.py"}


def test_the_workflow_imports_little() -> None:
    """The engine loads this file for every flow in the sandbox, and replays by it."""
    source = (ROOT / "workflows" / "failover.py").read_text(encoding="utf-8")
    imported = {
        node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported == {
        "activities.callbacks",
        "activities.steps",
        "collections.abc",
        "datetime",
        "domain.flow",
        "domain.progress",
        "domain.status",
        "temporalio",
        "temporalio.common",
        "temporalio.exceptions",
        "typing",
        "workflows",
    }


def test_every_activity_is_served_by_the_worker() -> None:
    """One that is not would wait for ever."""
    source = inspect.getsource(worker.workers)
    activities = [
        name
        for holder in (Steps, Callbacks, Letters)
        for name, member in inspect.getmembers(holder)
        if hasattr(member, "__temporal_activity_definition")
    ]
    assert sorted(activities) == ["ask", "deliver", "publish", "replay", "send_step"]
    assert all(re.search(rf"\.{name}\b", source) for name in activities)


def test_every_task_queue_is_polled() -> None:
    """By the one worker process."""
    source = inspect.getsource(worker.workers)
    queues = [name for name in ("FLOWS", "SENDS", "PUBLISH") if hasattr(names, name)]
    assert len(queues) == 3
    assert all(f"task_queue=names.{queue}" in source for queue in queues)


def test_every_provider_has_its_contract_test() -> None:
    """A module in providers/ with a report reader is a provider; the port only describes one."""
    modules = {path.stem: path.read_text("utf-8") for path in (ROOT / "providers").glob("*.py")}
    providers = {name for name, text in modules.items() if "def read_reports" in text} - {"base"}
    assert "sandbox" in providers
    for provider in providers:
        test = ROOT / "tests" / "providers" / f"test_{provider}.py"
        assert "ProviderContract" in test.read_text(encoding="utf-8")
        assert (test.parent / "samples" / provider).is_dir()
    cases = [name for name in vars(ProviderContract) if name.startswith("test_")]
    assert len(cases) >= 10


def test_no_case_of_a_provider_is_left_out_but_by_its_capabilities() -> None:
    """One place skips, and only where a capability is false; nothing is expected to fail."""
    spared = {"skip", "skipif", "xfail", "importorskip", "skipTest", "SkipTest"}
    home = ROOT / "tests" / "providers"
    sparing = {
        path.relative_to(home).as_posix(): [name for name in _names(path) if name in spared]
        for path in sorted(home.rglob("*.py"))
    }
    assert {path: names for path, names in sparing.items() if names} == {
        "abilities.py": ["skip"],
        "test_table.py": ["skip"],  # the exception that it raises is expected there
    }


def test_every_status_stands_on_a_ladder() -> None:
    """A word that no channel can reach is no word."""
    reached = {status for channel in Channel for status in ladder(channel)}
    assert reached == set(Status)


def test_every_refusal_has_its_answer() -> None:
    """The one table from errors to HTTP is complete, and no more than that."""
    refusals = {
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, errors.Refusal) and member is not errors.Refusal
    }
    assert refusals == set(ANSWERS)


def test_every_code_begins_with_its_status() -> None:
    """Nine digits: HTTP status, module, error (contract.md §1.4)."""
    for answer in ANSWERS.values():
        assert re.fullmatch(r"\d{9}", answer.code)
        assert answer.code.startswith(str(answer.status))


def test_every_setting_is_explained() -> None:
    """By its description, or by a name that needs none."""
    plain = {
        "api_host", "api_port", "sandbox_host", "sandbox_port", "sandbox_url", "log_format",
    }  # fmt: skip
    unexplained = {name for name, field in Settings.model_fields.items() if not field.description}
    assert unexplained == plain


def test_dependencies_name_no_address() -> None:
    """Requirements are pinned by hash; where they come from is the machine's affair."""
    files = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("deploy/**/package-lock.json")]
    files.append(ROOT / "tests" / "prism" / "package-lock.json")
    assert len(files) >= 4
    for path in files:
        if "node_modules" not in path.parts:
            assert "://" not in re.sub(r'"url": "https://[^"]+"', "", path.read_text("utf-8"))
