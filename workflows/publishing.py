"""How long telling a client may take, in a flow and outside of one."""

from datetime import timedelta

from temporalio.common import RetryPolicy

PUBLISHING = timedelta(seconds=20)
# The activity names each delay itself, up to a day; the interval is for a worker that died.
PUBLISH_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=5),
    backoff_coefficient=1,
    maximum_interval=timedelta(days=1),
)
