"""How processes log: one line for each thing that happened, no address, number or text in it."""

import logging
import sys
from collections.abc import Sequence
from typing import Literal

import structlog
from structlog.types import Processor

from cli.masking import masked

TALKATIVE = ("httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.access")
"""Below a warning they tell whole addresses, and there stand tokens and numbers."""


def set_up(form: Literal["console", "json"]) -> None:
    """Log to standard error in that form, our own lines and the libraries' alike."""
    shared: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    # A traceback is made text before it is masked; the renderer's own would show local variables.
    ending: Sequence[Processor] = (structlog.processors.format_exc_info, masked, _renderer(form))
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _renderer(form: Literal["console", "json"]) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=0,
        exception_formatter=structlog.dev.plain_traceback,
    )
