"""`failover worker` as the next release would have it: `python -m tests.workflows.upgrades.worker`.

Everything is as in this release but for the workflow. It takes the same settings, and in
FAILOVER_HELD_PATCHES the patches that it holds back, with commas.
"""

import functools
import os
import sys
from unittest.mock import patch

import cli.main
import worker
from tests.workflows.upgrades.stages import Patched


def main() -> None:
    """Work until told to stop."""
    held = frozenset(filter(None, os.environ.get("FAILOVER_HELD_PATCHES", "").split(",")))
    workers = functools.partial(worker.workers, held=held)
    sys.argv = ["failover", "worker"]
    with patch.multiple(worker, FailoverWorkflow=Patched, workers=workers):
        cli.main.main()


if __name__ == "__main__":
    main()
