"""Flows that end well, badly and not at all, with everything that may write a secret down."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from domain.flow import Callback, Flow, Kind, Strategy
from domain.wire import milliseconds
from tests.conftest import until
from tests.samples import compiled
from tests.secrecy import mistakes
from tests.secrecy.contents import call, document, picture, template, text
from tests.secrecy.outside import BABBLES, HOLDS, REFUSES, THROTTLES, UNREADABLE
from tests.secrecy.site import ACCOUNT, APPLICATION, Site
from workflows.names import workflow_id

TRANSACTIONAL, STANDARD = "/failover/transactional", "/failover"
PATIENCE = 180.0


@dataclass
class Player:
    """Plays on a site; `flows` has each flow's tracking id by what it is."""

    site: Site
    flows: dict[str, str] = field(default_factory=dict)

    async def play(self) -> set[int]:
        """All of it. Returns the statuses of the API's refusals."""
        site = self.site
        await self._start_all()
        await self._until_over("delivered", "failed over", "called", "refused", "by address")
        await self._report_in_their_own_words()
        await self._reply()
        await self._kill_a_worker_amid_a_send()
        await self._cancel()
        statuses = await mistakes.make(site, self.flows["delivered"])
        await self._until_pending("breaks", "babbles", "redirects", "unreadable", "babbled")
        await self._until_pending("held back")
        await self._lose_a_workflow()
        await site.scrape()
        await self._look_as_ops_do()
        return statuses

    async def _start_all(self) -> None:
        number = self.site.secrets.number
        both = number("0102")
        stories: dict[str, tuple[str, list[dict[str, Any]], str]] = {
            "delivered": (TRANSACTIONAL, [template(self.site, number("0101"))], "takes"),
            "failed over": (
                STANDARD, [picture(self.site, both), text(self.site, both)], "gone"
            ),
            "called": (TRANSACTIONAL, [call(self.site, number("0101"))], "takes"),
            "by address": (TRANSACTIONAL, [call(self.site, self.site.secrets.sip)], "takes"),
            "refused": (STANDARD, [picture(self.site, number(REFUSES))], "takes"),
            "unreadable": (STANDARD, [text(self.site, number(UNREADABLE))], "takes"),
            "babbled": (STANDARD, [picture(self.site, number(BABBLES))], "takes"),
            "held back": (STANDARD, [text(self.site, number(THROTTLES))], "takes"),
            "breaks": (TRANSACTIONAL, [template(self.site, number("0101"))], "breaks"),
            "babbles": (TRANSACTIONAL, [template(self.site, number("0101"))], "babbles"),
            "redirects": (TRANSACTIONAL, [template(self.site, number("0101"))], "redirects"),
            "silent": (STANDARD, [text(self.site, number("0106"))], "takes"),
            "lost": (STANDARD, [text(self.site, number("0106"))], "takes"),
        }  # fmt: skip
        for name, (path, steps, manner) in stories.items():
            await self._start(name, path, steps, manner)
        address = self.site.world.receiver("breaks", "reply address")
        listening = document(self.site, number("0101"), inboundUrl=address)
        await self._start("replied", STANDARD, [listening], "takes")
        await self._start_unreadable()
        await self._start_failing()

    async def _start(self, name: str, path: str, steps: list[dict[str, Any]], manner: str) -> None:
        callback = {"strategy": "OnStep", "url": self.site.world.receiver(manner)}
        answer = await self.site.api.post(path, json={"flow": steps, "callback": callback})
        answer.raise_for_status()
        self.flows[name] = str(answer.json()["trackingId"])

    async def _start_unreadable(self) -> None:
        """A content that this release cannot read, as one of an earlier release might be."""
        flow = self._flow()
        content = flow.steps[0].content.replace('"ttl":', '"ttl":"' + self._unreadable + '","x":')
        step = flow.steps[0].model_copy(update={"content": content})
        await self.site.flows.start(flow.model_copy(update={"steps": (step,)}), [])
        self.flows["of another release"] = flow.tracking_id

    async def _start_failing(self) -> None:
        """A flow whose workflow fails at every attempt: no timer is that long."""
        flow = self._flow()
        step = flow.steps[0].model_copy(update={"ttl": 1e300})
        await self.site.flows.start(flow.model_copy(update={"steps": (step,)}), [])
        self.flows["failing"] = flow.tracking_id

    @property
    def _unreadable(self) -> str:
        return self.site.secrets.words["unreadable content"]

    def _flow(self) -> Flow:
        world, number = self.site.world, self.site.secrets.number("0101")
        origin = f"http://127.0.0.1:{world.port}"
        return Flow(
            account=ACCOUNT,
            application=APPLICATION,
            tracking_id=str(uuid4()),
            kind=Kind.STANDARD,
            steps=compiled(text(self.site, number), kind=Kind.STANDARD),
            callback=Callback(
                strategy=Strategy.ON_STEP, url=world.receiver("takes"), origin=origin
            ),
            created_at=milliseconds(datetime.now(UTC)),
        )

    async def _until_over(self, *names: str) -> None:
        async def over() -> bool:
            return all([await self._status(name) in ("Succeeded", "Failed") for name in names])

        await until(over, PATIENCE, every=0.2)

    async def _status(self, name: str) -> str:
        answer = await self.site.api.get(f"/failover/tracking/{self.flows[name]}")
        answer.raise_for_status()
        return str(answer.json()["status"])

    async def _until_pending(self, *names: str) -> None:
        """Until an activity of each of these flows failed, and is to be tried again."""

        async def failed(name: str) -> bool:
            handle = self.site.engine.get_workflow_handle(workflow_id(ACCOUNT, self.flows[name]))
            described = await handle.describe()
            pending = described.raw_description.pending_activities
            return any(each.HasField("last_failure") for each in pending)

        async def all_failed() -> bool:
            return all([await failed(name) for name in names])

        await until(all_failed, PATIENCE, every=0.2)

    async def _report_in_their_own_words(self) -> None:
        """A provider's words, where a status, a reason and an id are expected."""
        made = self.site.secrets
        reference = f"{self.flows['silent']}.1"
        sends = self.site.world.sends
        await until(lambda: any(each["reference"] == reference for each in sends), PATIENCE)
        silent = next(each for each in sends if each["reference"] == reference)
        for send in sends:
            made.learn("report token", send["reportUrl"].rpartition(".")[2])
        for status in ("teleported", "sent"):
            report = {"status": status, "reason": made["provider words"], "messageId": "m-1"}
            answer = await self.site.api.post(silent["reportUrl"], json=report)
            answer.raise_for_status()

    async def _reply(self) -> None:
        """The recipient answers; whoever should hear of it fails."""
        reference, inbox = f"{self.flows['replied']}.1", list[dict[str, Any]]()

        async def arrived() -> bool:
            inbox[:] = (await self.site.sandbox.get("/inbox")).json()
            return any(each["reference"] == reference for each in inbox)

        await until(arrived, PATIENCE)
        message = next(each for each in inbox if each["reference"] == reference)
        path = f"/messages/{message['messageId']}/replies"
        answer = await self.site.sandbox.post(path, json={"text": self.site.secrets["reply"]})
        answer.raise_for_status()
        marker = self.site.secrets.words["reply address"]
        await until(lambda: any(marker in each.path for each in self.site.world.told), PATIENCE)

    async def _kill_a_worker_amid_a_send(self) -> None:
        """Its successor goes on; all others of its flows are tried again, too."""
        number = self.site.secrets.number(HOLDS)
        await self._start("killed", STANDARD, [text(self.site, number)], "takes")
        await until(lambda: self.site.world.sent_to(number) is not None, PATIENCE)
        await self.site.scrape()
        assert self.site.worker
        await self.site.worker.killed()
        self.site.world.released.set()
        await self.site.work()
        await self._until_over("killed")

    async def _cancel(self) -> None:
        path = f"/failover/{self.flows['silent']}/cancel"

        async def over() -> bool:  # 503 while the new worker is busy, 409 once it is cancelled
            return (await self.site.api.post(path)).status_code in (200, 409)

        await until(over, PATIENCE, every=1.0)

    async def _lose_a_workflow(self) -> None:
        """Somebody terminates one in the UI, with a reason; ops mend it. Dead ones are replayed."""
        name = workflow_id(ACCOUNT, self.flows["lost"])
        await self.site.engine.get_workflow_handle(name).terminate("by mistake")
        await self.site.command("flows", "repair", "--older-than", "0s")
        await self._until_over("lost")
        path = f"/failover/{self.flows['failed over']}/callbacks"
        (dead, *_) = (await self.site.api.get(path)).json()["content"]
        await self.site.api.post(f"/callbacks/{dead['id']}/replay")

    async def _look_as_ops_do(self) -> None:
        command = self.site.command
        for state in ("dead", "waiting", "delivered"):
            await command("callbacks", "list", "--state", state)
        answer = await self.site.api.get("/callbacks", params={"size": 200})
        for each in answer.json()["content"][:5]:
            await command("callbacks", "show", each["id"])
        await command("accounts", "show", ACCOUNT)
        await command("flows", "prune", "--dry-run")
        await command("doctor")
        await command("providers", "--offline")
        await command("callbacks", "show", self.site.secrets.words["bad request"])
