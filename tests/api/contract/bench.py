"""One of the two create endpoints, as a client holds it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from domain.progress import DeliveryReport
from domain.status import Status
from tests.api.bench import Api

STANDARD, TRANSACTIONAL = "/failover", "/failover/transactional"

Step = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """Posts flows to the endpoint at `path`."""

    api: Api
    path: str

    async def post(self, body: Any) -> httpx.Response:
        """POST the body as JSON."""
        headers = {"Content-Type": "application/json", **self.api.bearer()}
        return await self.api.http.post(self.path, content=json.dumps(body), headers=headers)

    async def created(self, *steps: Step, **root: Any) -> Any:
        """The answer to a flow that must be accepted."""
        answer = await self.post({"flow": list(steps), **root})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def echo(self, step: Step) -> Step:
        """The step as it is answered."""
        (echoed,) = (await self.created(step))["flow"]
        assert isinstance(echoed, dict)
        return echoed

    async def echoes(self, step: Step, expected: Step) -> None:
        """Have the step answered with these members; None means that one is left out."""
        echoed = await self.echo(step)
        assert {name: echoed.get(name) for name in expected} == expected
        assert {name for name in expected if name in echoed} == {
            name for name, value in expected.items() if value is not None
        }

    async def shown(self, step: Step) -> Step:
        """The step in tracking, once its turn has come."""
        shown = await self.tracked(await self.created(step))
        (message,) = shown["messages"]
        assert isinstance(message, dict)
        return message

    async def tracked(self, created: Any, *statuses: Status) -> Any:
        """The tracking object of a flow whose first step has begun, and has had these statuses."""
        tracking = self.api.services.tracking
        known = await tracking.find(self.api.application.account, created["trackingId"])
        assert known is not None
        at = known.flow.created_at
        progress = known.progress.begun(known.flow.steps[0], at)
        for status in statuses:
            progress = progress.after(known.flow, DeliveryReport(order=1, status=status, at=at))
        await tracking.record(known.flow, progress)
        answer = await self.api.track(created["trackingId"])
        assert answer.status_code == 200
        return answer.json()

    async def refusal(self, body: Any) -> Mapping[str, str]:
        """The wrong members, by their paths, of a body that must be refused."""
        answer = await self.post(body)
        assert answer.status_code == 400, answer.text
        problem = answer.json()
        properties: dict[str, str] = problem.pop("properties")
        assert problem == {"code": "400000000", "developerMessage": "Validation Error!"}
        assert all(properties.values())
        return properties

    async def refuses(self, step: Step, path: str) -> str:
        """Have the step refused at that member, and nowhere else; the sentence about it."""
        properties = await self.refusal({"flow": [step]})
        assert list(properties) == [f"flow[0].{path}"]
        return properties[f"flow[0].{path}"]


def without(step: Mapping[str, Any], *names: str) -> Step:
    """The step without those members."""
    return {name: value for name, value in step.items() if name not in names}
