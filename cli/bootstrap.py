"""What must be there before API and worker start; idempotent."""

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from accounts import demonstration
from settings import Settings
from storage import schema
from storage.engine import connect as open_database
from storage.seal import Sealer
from workflows import namespace


async def bootstrap(client: Client, settings: Settings) -> list[str]:
    """Prepare the engine and the database; returns a line for each thing done or found.

    Raises:
        WrongSearchAttribute: an attribute of ours exists with another type.
        RPCError, OSError: the engine or the database does not answer, or does not let us.
        BadKeys: the demonstration is to be entered, and there are no master keys.
    """
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.database)
    try:
        version = await schema.upgrade(engine)
        entered = settings.demonstration and await _demonstration(engine, settings)
    finally:
        await engine.dispose()
    return [
        f"database has schema version {version}",
        *(["the demonstration's accounts were entered"] if entered else []),
        *await namespace.prepare(client),
        f"namespace {client.namespace} has the search attributes",
    ]


async def _demonstration(engine: AsyncEngine, settings: Settings) -> bool:
    return await demonstration.load(engine, Sealer(settings.keyring()))
