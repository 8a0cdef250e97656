"""How long telling a client may take, in a flow and outside of one."""

from datetime import timedelta

from temporalio.common import RetryPolicy

PUBLISHING = timedelta(seconds=20)
REPLAYING = timedelta(hours=1)
"""For all of a flow's callbacks, one after the other; each has PUBLISHING."""

# The activity names each delay itself, up to a day; the interval is for a worker that died.
PUBLISH_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=5),
    backoff_coefficient=1,
    maximum_interval=timedelta(days=1),
)
