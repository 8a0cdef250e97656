"""Good numbers, senders and links for cases that a schema alone cannot make good."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import schemathesis
from pydantic import TypeAdapter, ValidationError
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoveragePhaseData, TestPhase

from accounts.demonstration import ACME_SHOP, PARCEL
from api.bodies import CreateFlow, CreateTransactionalFlow
from api.replaying import CallbackListing, ReplayWindow
from api.searching import Filters, Listing, Paging
from tests.fuzz.allowing import Allowed
from tests.samples import NUMBER

Case = schemathesis.Case[Any]

READ_AS: Mapping[str, TypeAdapter[Any]] = {
    "POST /failover": TypeAdapter(CreateFlow),
    "POST /failover/transactional": TypeAdapter(CreateTransactionalFlow),
    "POST /failover/tracking": TypeAdapter(Filters),
    "POST /callbacks/replay": TypeAdapter(ReplayWindow),
}
ASKED_AS: Mapping[str, TypeAdapter[Any]] = {
    "GET /failover/tracking": TypeAdapter(Listing),
    "POST /failover/tracking": TypeAdapter(Paging),
    "GET /callbacks": TypeAdapter(CallbackListing),
}

LINK = "https://cdn.acme.test/p.png"
GOOD: Mapping[str, Any] = {
    "to": NUMBER,
    "phone": NUMBER,
    "from": "AcmeShop",
    "senderInfoTrackingId": ACME_SHOP.id,
    "templateId": PARCEL.id,
    "message": {"text": "Parcel 7731 is ready"},
    "caption": "Track",
    "fileName": "a.pdf",
    "fileType": "pdf",
    "fileSize": 1,
    "duration": 1,
    **dict.fromkeys(("url", "imageUrl", "fileUrl", "videoUrl", "videoThumbnail"), LINK),
    **dict.fromkeys(("targetUrl", "fileURL"), LINK),
    "machineDetection": {"strategy": "Hangup"},
    "searchOperator": "is",
    "searchTerm": "Sms",
    "fieldName": "type",
    "since": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
    "until": datetime.now(UTC).isoformat(),
}
"""By a member's name; what is wrong and is not here is left out."""

ROUNDS = 6
ONE_OF = 8
"""One good case of so many stays as it was made."""

KEY = "idempotency-key"
ASKING = (ParameterLocation.BODY, ParameterLocation.QUERY)


def worth_it(case: Case) -> bool:
    """Whether a case does more than forget who it is: of those a few will do."""
    if case.meta is None or case.meta.phase.name is TestPhase.COVERAGE:
        return True
    asks = case.meta.generation.mode.is_positive or any(map(case.meta.is_negative_at, ASKING))
    return asks or _is_spared(case)


class Mender:
    """Makes cases good that their schema calls good, and bad ones bad in one thing only."""

    def __init__(self, document: dict[str, Any], credentials: Mapping[str, str]) -> None:
        self._allowed = Allowed(document)
        self._credentials = credentials

    def mend(self, case: Case) -> None:
        """Mend the case; of the good ones, a few stay as they were made."""
        if case.meta is None:
            return
        if case.meta.generation.mode.is_positive:
            if not _is_spared(case):
                _make_good(case)
        elif case.meta.is_negative_at(ParameterLocation.BODY):
            case.headers.update(self._credentials)  # nobody would look at the body without
            self._make_bad_only_there(case)

    def _make_bad_only_there(self, case: Case) -> None:
        """Put good values around the bad ones: else anything might be why it is refused."""
        label = case.operation.label
        if label not in READ_AS or not isinstance(case.body, dict | list):
            return
        good = mended(case.body, READ_AS[label])
        for path in _spoilt(case):
            restore(good, case.body, path)
        if not self._allowed(label, good):
            case.body = good


def _make_good(case: Case) -> None:
    label = case.operation.label
    if KEY in case.headers:  # most keys would have come before
        case.headers[KEY] = f"key-{_sum(case)}"
    if label in READ_AS and isinstance(case.body, dict | list):
        case.body = mended(case.body, READ_AS[label])
    if label in ASKED_AS and case.query:
        case.query = mended(dict(case.query), ASKED_AS[label])


def _spoilt(case: Case) -> Iterator[Sequence[str]]:
    """The names on the way to each value that was made bad."""
    data = case.meta.phase.data if case.meta else None
    if isinstance(data, CoveragePhaseData):
        pointer, missing = data.location or "", data.description.partition("required property: ")[2]
        yield [*_NAMES.findall(pointer), *filter(None, [missing])]
    elif data:
        for mutation in data.mutations:
            if mutation.parameter_location is ParameterLocation.BODY:
                yield [str(name) for name in mutation.path if not isinstance(name, int)]


_NAMES = re.compile(r"(?:properties|additionalProperties)/([^/]+)")


def restore(good: Any, bad: Any, path: Sequence[str]) -> None:
    """Put the bad value at the path back into the good one, in every element of the same place."""
    if isinstance(good, list) and isinstance(bad, list):
        for one, other in zip(good, bad, strict=False):
            restore(one, other, path)
    elif isinstance(good, dict) and isinstance(bad, dict) and path:
        name, *rest = path
        if rest and isinstance(good.get(name), dict | list):
            restore(good[name], bad.get(name), rest)
        elif name in bad:
            good[name] = bad[name]
        else:
            good.pop(name, None)


def _is_spared(case: Case) -> bool:
    return _sum(case) % ONE_OF == 0


def _sum(case: Case) -> int:
    made = [case.body, case.query, case.path_parameters, case.headers.get(KEY)]
    return crc32(json.dumps(made, default=str).encode())


def faults(given: Any, reader: TypeAdapter[Any]) -> Sequence[tuple[str | int, ...]]:
    """Where the reader finds something wrong."""
    try:
        reader.validate_python(given)
    except ValidationError as found:
        return [fault["loc"] for fault in found.errors()]
    return ()


def mended(given: Any, reader: TypeAdapter[Any]) -> Any:
    """A copy with good values where the reader finds wrong ones."""
    copy = json.loads(json.dumps(given))
    for _ in range(ROUNDS):
        found = faults(copy, reader)
        for location in found:
            _replace(copy, location)
        if not found:
            break
    if isinstance(copy, dict):
        _know_senders(copy)
    return copy


def _replace(value: Any, location: tuple[str | int, ...]) -> None:
    """Put something good there; parts of the location that are no members are passed over."""
    holder, name = value, None
    for part in location:
        inside = holder if name is None else _member(holder, name)
        if _member(inside, part) is not None or (isinstance(inside, dict) and part in GOOD):
            holder, name = inside, part
    if name in GOOD and isinstance(holder, dict):
        holder[name] = json.loads(json.dumps(GOOD[str(name)]))
    elif isinstance(holder, dict) and name is not None:
        holder.pop(name, None)


def _member(value: Any, name: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and isinstance(name, int) and name < len(value):
        return value[name]
    return None


def _know_senders(body: dict[str, Any]) -> None:
    steps = body.get("flow")
    for step in filter(
        lambda each: isinstance(each, dict), steps if isinstance(steps, list) else ()
    ):
        match str(step.get("type", "")).lower():
            case "viber":
                step["senderInfoTrackingId"] = ACME_SHOP.id
            case "sms" if not str(step.get("from") or "").strip():
                step["from"] = "AcmeShop"
