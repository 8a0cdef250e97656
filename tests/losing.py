"""Calls to the engine that are lost, and nobody knows."""

import pytest
from temporalio.service import RPCError, RPCStatusCode

from domain.flow import Flow
from workflows.client import FlowClient


def lost_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine not hear of the first start that is asked for; the second comes through."""
    really, lost = FlowClient._start, [True]

    async def lossy(self: FlowClient, sealed: Flow, hashes: list[str]) -> None:
        if lost:
            lost.pop()
            raise RPCError("lost", RPCStatusCode.UNAVAILABLE, b"")
        await really(self, sealed, hashes)

    monkeypatch.setattr(FlowClient, "_start", lossy)
