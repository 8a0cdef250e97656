"""The database: whether it answers, and its schema's version."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cli.checks.findings import Findings, ok, wrong
from settings import Settings
from storage import schema

BOOTSTRAP = "run `failover bootstrap`"


async def database(settings: Settings) -> Findings:
    """Opened as the API and the worker open it."""
    try:
        address = make_url(settings.database)
    except ArgumentError:
        yield wrong("database", "FAILOVER_DATABASE_URL is no address", "correct it")
        return
    kind = address.get_backend_name()
    if kind == "sqlite" and address.database and not Path(address.database).is_file():
        yield wrong("database", "there is none yet", BOOTSTRAP)  # opening it would make one
        return
    try:
        async with schema.opened(settings.database):
            yield ok("database", f"{kind}, of this program's schema version")
    except schema.WrongSchema as fault:
        yield wrong("database", str(fault), BOOTSTRAP)
    except SQLAlchemyError as fault:
        said = f"it does not answer ({type(getattr(fault, 'orig', None) or fault).__name__})"
        yield wrong("database", said, "start it, or correct FAILOVER_DATABASE_URL")
