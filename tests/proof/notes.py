"""Files of JSON lines, each line on disk before anything follows from it."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Notes:
    """Adds lines to a file; `at` is the moment in seconds since the epoch."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._number = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add(self, **line: object) -> float:
        """Add a line; returns its moment."""
        at = time.time()
        os.write(self._number, json.dumps({"at": at, **line}).encode() + b"\n")
        return at


def read(file: Path) -> Iterator[dict[str, Any]]:
    """The file's lines; none if there is no file."""
    for line in file.read_bytes().splitlines() if file.exists() else ():
        if line:
            yield json.loads(line)
