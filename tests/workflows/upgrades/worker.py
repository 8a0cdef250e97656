"""`failover worker` as the next release would have it: `python -m tests.workflows.upgrades.worker`.

Everything is as in this release but for the workflow, the settings, too.
"""

import sys
from unittest.mock import patch

import cli.main
import worker
from tests.workflows.upgrades.stages import Patched


def main() -> None:
    """Work until told to stop."""
    sys.argv = ["failover", "worker"]
    with patch.multiple(worker, FailoverWorkflow=Patched):
        cli.main.main()


if __name__ == "__main__":
    main()
