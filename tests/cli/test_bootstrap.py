"""`failover bootstrap`: what must be there before the rest starts."""

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.conftest import until
from tests.databases import Databases
from tests.processes import Processes
from workflows.namespace import RETENTION

pytestmark = pytest.mark.server


@pytest.fixture
async def plain_commands(commands: Processes, environment: WorkflowEnvironment) -> Processes:
    """Commands that reach the run's engine."""
    target = environment.client.service_client.config.target_host
    commands.environment["TEMPORAL_ADDRESS"] = target
    return commands


async def test_the_second_time_nothing_is_left_to_do(
    plain_commands: Processes, databases: Databases
) -> None:
    """On a namespace that is not there and an empty database; both times the exit code is 0."""
    plain_commands.environment["TEMPORAL_NAMESPACE"] = "bootstrapped-twice"
    async with databases.new(empty=True) as url:
        plain_commands.environment["FAILOVER_DATABASE_URL"] = url
        first = await plain_commands.run("bootstrap")
        second = await plain_commands.run("bootstrap")
    assert (first.code, second.code) == (0, 0), first.output + second.output
    found = set(second.output.splitlines())
    done = set(first.output.splitlines()) - found
    assert "namespace bootstrapped-twice made" in done
    assert [line for line in done if line.startswith("search attributes added: Failover")]
    assert "the demonstration's accounts were entered" in done
    assert len(done) == 3
    assert "namespace bootstrapped-twice has the search attributes" in found
    assert [line for line in found if line.startswith("database has schema version ")]
    assert len(found) == 2


async def test_an_attribute_of_another_type_is_named(plain_commands: Processes) -> None:
    """It holds somebody's data, so it is left as it is."""
    client = await _with_attribute(
        plain_commands.environment["TEMPORAL_ADDRESS"],
        "bootstrapped-wrong",
        "FailoverStatus",
        IndexedValueType.INDEXED_VALUE_TYPE_INT,
    )
    ended = await plain_commands.run("bootstrap", TEMPORAL_NAMESPACE=client.namespace)
    assert ended.code == 1
    assert ended.output.startswith("failover: the search attribute FailoverStatus has the type")
    assert "INDEXED_VALUE_TYPE_INT, it must have INDEXED_VALUE_TYPE_KEYWORD" in ended.output


async def _with_attribute(
    target: str, namespace: str, attribute: str, kind: IndexedValueType.ValueType
) -> Client:
    client = await Client.connect(target, namespace=namespace)
    retention = RegisterNamespaceRequest(namespace=namespace)
    retention.workflow_execution_retention_period.FromTimedelta(RETENTION)
    await client.workflow_service.register_namespace(retention)

    async def added() -> bool:
        try:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=namespace, search_attributes={attribute: kind})
            )
        except RPCError:  # a new namespace is not known everywhere at once
            return False
        return True

    await until(added, within=30)
    return client


async def test_the_demonstration_needs_master_keys(
    plain_commands: Processes, databases: Databases
) -> None:
    """They seal its callback keys; an installation without it may get its keys later."""
    async with databases.new(empty=True) as url:
        plain_commands.environment |= {"FAILOVER_DATABASE_URL": url, "FAILOVER_KEYS": ""}
        keyless = await plain_commands.run("bootstrap")
        plain = await plain_commands.run("bootstrap", FAILOVER_DEMONSTRATION="false")
    assert keyless.code == 1
    assert keyless.output.startswith("failover: no keys: set FAILOVER_KEYS")
    assert plain.code == 0, plain.output
