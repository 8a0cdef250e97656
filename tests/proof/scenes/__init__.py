"""The set pieces: longer faults with flows and demands of their own; a new one joins `SCENES`."""

from collections.abc import Sequence

from tests.proof.scenes import database
from tests.proof.scenes.backlog import Backlog
from tests.proof.scenes.base import Scene
from tests.proof.scenes.callbacks import CallbackBacklog
from tests.proof.scenes.clocks import ClockJumps
from tests.proof.scenes.deploy import RollingDeploy
from tests.proof.scenes.disk import DiskFull
from tests.proof.scenes.engine import EngineAway
from tests.proof.scenes.forged import ForgedReports
from tests.proof.scenes.poison import PoisonBodies
from tests.proof.scenes.reports import ReportFlood
from tests.proof.scenes.scripts import Scripts

SCENES: Sequence[Scene] = (
    EngineAway(),
    *database.SCENES,
    DiskFull(),
    ClockJumps(),
    Scripts(),
    CallbackBacklog(),
    RollingDeploy(),
    ForgedReports(),
    PoisonBodies(),
    ReportFlood(),
    Backlog(),
)
"""All of them, in the order in which they are played."""
