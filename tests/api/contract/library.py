"""Flows of every sort to search among."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.api.bench import Api

PATH = "/failover/tracking"
ONE, TWO, THREE = "+306900000101", "+306900000202", "+35799123456"
EVERY = {"queued", "running", "text", "call", "message"}
PAGE = {
    "content", "totalPages", "totalElements", "number", "size", "numberOfElements", "first", "last",
}  # fmt: skip


@dataclass(frozen=True)
class Library:
    """Five flows of acme's, by their names, and the searches for them."""

    api: Api
    ids: Mapping[str, str]

    async def post(self, content: Any = b"", **query: Any) -> httpx.Response:
        """POST a body to the search; bytes go out as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {"Content-Type": "application/json", **self.api.bearer()}
        return await self.api.http.post(PATH, content=body, params=query, headers=headers)

    async def page(self, content: Any = b"", **query: Any) -> Any:
        """The page that is answered."""
        answer = await self.post(content, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def listed(self, **query: Any) -> set[str]:
        """The flows that the same search by GET finds."""
        answer = await self.api.http.get(PATH, params=query, headers=self.api.bearer())
        assert answer.status_code == 200, answer.text
        return self.names(answer.json())

    async def found(self, content: Any = b"", **query: Any) -> set[str]:
        """The flows that are found."""
        return self.names(await self.page(content, **query))

    def names(self, page: Any) -> set[str]:
        """Which flows stand on the page."""
        known = {tracking_id: name for name, tracking_id in self.ids.items()}
        return {known[each["trackingId"]] for each in page["content"]}

    async def refuses(self, path: str, content: Any = b"", **query: Any) -> None:
        """Have the search refused at that member, and nowhere else."""
        answer = await self.post(content, **query)
        assert answer.status_code == 400, answer.text
        assert answer.json()["code"] == "400000000"
        assert list(answer.json()["properties"]) == [path]
