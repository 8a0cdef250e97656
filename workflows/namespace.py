"""What the engine must know before flows start: the namespace and the search attributes."""

import asyncio
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType
from temporalio.service import RPCError, RPCStatusCode

from workflows.names import SEARCH_ATTRIBUTES

RETENTION = timedelta(days=30)
"""How long the engine keeps the history of a flow that is over."""

SETTLING = 30.0
"""Seconds for which the engine may go on saying that it does not know yet what it was told."""

_TYPES = {
    SearchAttributeIndexedValueType.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    SearchAttributeIndexedValueType.KEYWORD_LIST: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
}


class WrongSearchAttribute(Exception):
    """The namespace has an attribute of ours with another type; the message says which."""


async def prepare(client: Client) -> list[str]:
    """Make what is missing, verify the rest; returns a line for each thing done. Idempotent.

    Raises:
        WrongSearchAttribute: one exists with another type.
        RPCError: the engine does not answer, or does not let us.
        TimeoutError: it took what was added, but does not show it.
    """
    done = [f"namespace {client.namespace} made"] if await _register(client) else []
    give_up = asyncio.get_running_loop().time() + SETTLING
    while True:
        try:
            absent = await missing(client)
            if not absent:
                return done
            await _add(client, absent)
            done.append(f"search attributes added: {', '.join(absent)}")
        except RPCError as fault:
            # A new namespace or attribute is known everywhere only after a cache's turn.
            passing = {RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE}
            if fault.status not in passing:
                raise
        if asyncio.get_running_loop().time() > give_up:
            raise TimeoutError("the engine does not show the search attributes that were added")
        await asyncio.sleep(0.2)


async def _register(client: Client) -> bool:
    service = client.workflow_service
    try:
        await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
        return False
    except RPCError as fault:
        if fault.status is not RPCStatusCode.NOT_FOUND:
            raise
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    request = RegisterNamespaceRequest(
        namespace=client.namespace, workflow_execution_retention_period=retention
    )
    try:
        await service.register_namespace(request)
    except RPCError as refusal:
        if refusal.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    return True


async def missing(client: Client) -> dict[str, IndexedValueType.ValueType]:
    """The search attributes that the namespace does not have.

    Raises:
        WrongSearchAttribute: one exists with another type.
        RPCError: the engine does not answer, does not know the namespace, or does not let us look.
    """
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    wanted = {key.name: _TYPES[key.indexed_value_type] for key in SEARCH_ATTRIBUTES}
    for name, kind in wanted.items():
        found = listed.custom_attributes.get(name, kind)
        if found != kind:
            raise WrongSearchAttribute(
                f"the search attribute {name} has the type {IndexedValueType.Name(found)}, "
                f"it must have {IndexedValueType.Name(kind)}: remove it, or use another namespace"
            )
    return {name: kind for name, kind in wanted.items() if name not in listed.custom_attributes}


async def _add(client: Client, absent: dict[str, IndexedValueType.ValueType]) -> None:
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=absent)
    )
