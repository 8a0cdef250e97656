"""The set pieces: longer faults with flows and demands of their own; a new one joins `SCENES`."""

from collections.abc import Sequence

from tests.proof.scenes import database
from tests.proof.scenes.base import Scene
from tests.proof.scenes.engine import EngineAway

SCENES: Sequence[Scene] = (EngineAway(), *database.SCENES)
"""All of them, in the order in which they are played."""
