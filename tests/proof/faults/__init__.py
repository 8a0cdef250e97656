"""Every kind of fault; a new one joins `kinds`."""

from tests.proof.faults import apis, engine, outside, workers
from tests.proof.faults.base import Faults
from tests.proof.site import Site


def kinds(site: Site) -> Faults:
    """All that can be done to this installation, in a fixed order."""
    here: Faults = (*workers.FAULTS, *apis.FAULTS, *outside.FAULTS)
    return (*here, *engine.faults(site.engine))
