"""The API as a client holds it, and a look behind it."""

import base64
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from accounts.base import Application
from accounts.demonstration import ACME, SECRETS
from accounts.records import Accounts
from api.app import create_app
from api.dependencies import Services
from domain.flow import StepRef
from providers.token import Addressed
from tests.samples import sms, viber
from workflows.names import workflow_id

CREATE = "/failover/transactional"
SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


class Changed(Accounts):
    """The demonstration's accounts, ACME's application being another."""

    def __init__(self, application: Application, database: AsyncEngine) -> None:
        super().__init__(database)
        self._changed = application

    async def authenticated(self, application_id: str, secret: str) -> Application | None:
        """With the other application's settings."""
        found = await super().authenticated(application_id, secret)
        return self._changed if found and found.id == self._changed.id else found

    async def application(self, application_id: str) -> Application | None:
        """With the other application's settings."""
        if application_id == self._changed.id:
            return self._changed
        return await super().application(application_id)


def basic(name: str, secret: str) -> dict[str, str]:
    """The header that proves an application to the token endpoint."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def a_request(*steps: Mapping[str, Any], **root: Any) -> dict[str, Any]:
    """The body of a create request: Viber, then Sms, unless steps are given."""
    return {"flow": list(steps or (viber(), sms())), **root}


@dataclass(frozen=True)
class Api:
    """One application's view of the API, served in process."""

    http: httpx.AsyncClient
    services: Services
    application: Application = ACME

    def acting_as(self, application: Application) -> "Api":
        """The same API, called by another application."""
        return Api(self.http, self.services, application)

    def bearer(self, *, at: float | None = None, scopes: tuple[str, ...] = ()) -> dict[str, str]:
        """The header of an access token issued at that moment."""
        issued = time.time() if at is None else at
        wanted = scopes or self.application.scopes
        token = self.services.access_tokens.issue(self.application, wanted, issued)
        return {"Authorization": f"Bearer {token}"}

    async def create(self, body: Any = None, *, key: str | None = None) -> httpx.Response:
        """POST a flow; bytes and text go out as they are."""
        headers = {"Content-Type": "application/json", **self.bearer()}
        if key is not None:
            headers["Idempotency-Key"] = key
        content = body if isinstance(body, str | bytes) else json.dumps(body or a_request())
        return await self.http.post(CREATE, content=content, headers=headers)

    async def track(self, tracking_id: str) -> httpx.Response:
        """GET a flow's tracking object."""
        return await self.http.get(f"/failover/tracking/{tracking_id}", headers=self.bearer())

    async def cancel(self, tracking_id: str) -> httpx.Response:
        """POST its cancellation."""
        return await self.http.post(f"/failover/{tracking_id}/cancel", headers=self.bearer())

    async def token(
        self, application: Application | None = None, **form: str
    ) -> tuple[httpx.Response, Any]:
        """POST for an access token, and the answer's JSON."""
        asking = application or self.application
        answer = await self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", **form},
            headers=basic(asking.id, SECRETS[asking.id]),
        )
        return answer, answer.json()

    def report_token(
        self,
        tracking_id: str | None = None,
        order: int = 1,
        *,
        provider: str = "sandbox",
        on_step: bool = False,
        valid: float = 60.0,
    ) -> str:
        """What `send_step` puts into the step's report address."""
        ref = StepRef(
            account=self.application.account, tracking_id=tracking_id or str(uuid4()), order=order
        )
        expires = time.time() + valid
        return self.services.report_tokens.make(provider, Addressed(ref, on_step), expires)

    async def report(self, token: str, body: Any, provider: str = "sandbox") -> httpx.Response:
        """POST a delivery report, as a provider does: with no access token."""
        content = body if isinstance(body, bytes) else json.dumps(body)
        return await self.http.post(f"/reports/{provider}/{token}", content=content)


@asynccontextmanager
async def serving(services: Services) -> AsyncIterator[Api]:
    """The real application with those services; a bug in it fails the test with its traceback."""
    app = create_app(services)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://api.test"
        ) as http,
    ):
        yield Api(http, services)


def handle(engine: Client, tracking_id: str, account: str = "acme") -> WorkflowHandle[Any, Any]:
    """The workflow of a flow."""
    return engine.get_workflow_handle(workflow_id(account, tracking_id))


async def signals(engine: Client, tracking_id: str) -> int:
    """How often the flow was signalled."""
    history = await handle(engine, tracking_id).fetch_history()
    return sum(event.event_type == SIGNALED for event in history.events)
