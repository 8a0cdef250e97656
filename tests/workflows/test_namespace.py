"""Preparing the engine."""

from contextlib import suppress
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from tests.conftest import NewNamespace, until
from workflows import namespace
from workflows.names import SEARCH_ATTRIBUTES

pytestmark = pytest.mark.server


async def test_preparing_makes_what_is_missing_once(
    plain: Client, new_namespace: NewNamespace
) -> None:
    """A second time finds everything there."""
    client = await new_namespace(f"prepared-{uuid4().hex[:8]}")

    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    assert {key.name for key in SEARCH_ATTRIBUTES} <= set(listed.custom_attributes)
    assert await namespace.prepare(client) == []


async def test_an_attribute_of_another_type_is_named(
    plain: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine skips an existing one without a look at its type; we do not."""
    name = f"mistyped-{uuid4().hex[:8]}"
    client = await Client.connect(plain.service_client.config.target_host, namespace=name)
    assert await namespace._register(client)
    wrong = {"FailoverStatus": IndexedValueType.INDEXED_VALUE_TYPE_INT}
    await _patiently(client, AddSearchAttributesRequest(namespace=name, search_attributes=wrong))

    with pytest.raises(namespace.WrongSearchAttribute, match="FailoverStatus"):
        await namespace.prepare(client)


async def _patiently(client: Client, request: AddSearchAttributesRequest) -> None:
    # A namespace is known to every service only after a cache's turn.
    async def added() -> bool:
        with suppress(RPCError):
            await client.operator_service.add_search_attributes(request)
            return True
        return False

    await until(added)


async def test_an_engine_that_forgets_what_it_was_told_is_not_waited_for(
    plain: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it took the attributes, and never shows them."""

    async def forgets(*_: object) -> dict[str, IndexedValueType.ValueType]:
        return {"FailoverStatus": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}

    monkeypatch.setattr(namespace, "missing", forgets)
    monkeypatch.setattr(namespace, "SETTLING", 0.0)

    with pytest.raises(TimeoutError):
        await namespace.prepare(plain)


async def test_a_refusal_of_the_engine_is_said_at_once(
    plain: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody without the right to administer it learns so."""

    async def refuses(*_: object) -> None:
        raise RPCError("no", RPCStatusCode.PERMISSION_DENIED, b"")

    monkeypatch.setattr(namespace, "missing", refuses)
    with pytest.raises(RPCError):
        await namespace.prepare(plain)


@pytest.mark.parametrize(
    ("looked", "made", "raised"),
    [
        (RPCStatusCode.PERMISSION_DENIED, None, RPCStatusCode.PERMISSION_DENIED),
        (RPCStatusCode.NOT_FOUND, RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.PERMISSION_DENIED),
        (RPCStatusCode.NOT_FOUND, RPCStatusCode.ALREADY_EXISTS, None),
    ],
)
async def test_a_namespace_that_somebody_else_makes_meanwhile_is_fine(
    plain: Client,
    monkeypatch: pytest.MonkeyPatch,
    looked: RPCStatusCode,
    made: RPCStatusCode | None,
    raised: RPCStatusCode | None,
) -> None:
    """Every other refusal is said."""

    def answering(status: RPCStatusCode | None) -> object:
        async def answer(*_: object, **__: object) -> None:
            if status:
                raise RPCError("as the test says", status, b"")

        return answer

    monkeypatch.setattr(plain.workflow_service, "describe_namespace", answering(looked))
    monkeypatch.setattr(plain.workflow_service, "register_namespace", answering(made))
    if raised is None:
        assert await namespace._register(plain)
        return
    with pytest.raises(RPCError) as caught:
        await namespace._register(plain)
    assert caught.value.status is raised
