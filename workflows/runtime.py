"""The SDK's runtime: where its own metrics are served, and how its own lines are logged."""

import functools
import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
)


@functools.cache
def serving(metrics: str | None) -> Runtime:
    """The one with metrics at that address (an IP address and a port), or with none.

    Made once for each process: it has threads of its own.

    Raises:
        OSError: the address cannot be listened on; the message names the setting.
    """
    prometheus = metrics and PrometheusConfig(
        bind_address=metrics,
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
    )
    forwarded = LogForwardingConfig(logging.getLogger("temporalio.core"))
    logs = LoggingConfig(filter=LoggingConfig.default.filter, forwarding=forwarded)
    try:
        return Runtime(telemetry=TelemetryConfig(logging=logs, metrics=prometheus or None))
    except ValueError as fault:
        raise OSError(f"{fault}: set another FAILOVER_TEMPORAL_METRICS_PORT") from None
