"""The API that restarts when its code changes: for developers."""

import os
from pathlib import Path
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.server import KEEP_ALIVE
from cli import logs
from settings import Settings

WATCHED = ("accounts", "api", "domain", "metrics", "providers", "storage", "tracking", "workflows")


def app() -> FastAPI:
    """What each restart serves."""
    logs.set_up(Settings().log_format)
    return create_app(docs=True)


def serve(settings: Settings) -> NoReturn:
    """Serve until told to stop; uvicorn runs the application in a child process of its own."""
    root = Path(__file__).parent.parent
    uvicorn.run(
        "cli.reloading:app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        reload=True,
        reload_dirs=[str(root / name) for name in WATCHED],
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
    )
    os._exit(0)
