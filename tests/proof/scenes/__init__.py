"""The set pieces: longer faults with flows and demands of their own; a new one joins `SCENES`."""

from collections.abc import Sequence

from tests.proof.scenes import database
from tests.proof.scenes.backlog import Backlog
from tests.proof.scenes.base import Scene
from tests.proof.scenes.engine import EngineAway
from tests.proof.scenes.forged import ForgedReports
from tests.proof.scenes.poison import PoisonBodies
from tests.proof.scenes.reports import ReportFlood

SCENES: Sequence[Scene] = (
    EngineAway(),
    *database.SCENES,
    ForgedReports(),
    PoisonBodies(),
    ReportFlood(),
    Backlog(),
)
"""All of them, in the order in which they are played."""
