"""Whether this process lives, and whether it can serve."""

from typing import Literal

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import InService, Services
from domain.wire import Wire
from storage.schema import WrongSchema

router = APIRouter(prefix="/health", tags=["health"])

Verdict = Literal["ok", "away"]


class Readiness(Wire):
    """Each check, and all of them together."""

    status: Verdict
    checks: dict[str, Verdict]


@router.get("/live")
async def live() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(services: InService, response: Response) -> Readiness:
    """The engine and the database answer; 503 if one does not."""
    checks: dict[str, Verdict] = {
        "temporal": "ok" if await services.flows.is_healthy() else "away",
        "database": "ok" if await _database_answers(services) else "away",
    }
    status: Verdict = "ok" if set(checks.values()) == {"ok"} else "away"
    if status != "ok":
        response.status_code = 503
    return Readiness(status=status, checks=checks)


async def _database_answers(services: Services) -> bool:
    try:
        await services.tracking.check()
    except (SQLAlchemyError, WrongSchema, OSError):
        return False
    return True
