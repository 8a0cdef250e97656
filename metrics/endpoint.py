"""Serves the metrics to Prometheus, on a port of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server


@contextmanager
def serving(host: str, port: int | None) -> Iterator[None]:
    """Serve them at `/metrics`, in a thread; without a port do nothing.

    Raises:
        OSError: the address cannot be listened on; the message names the setting.
    """
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, host)
    except OSError as fault:
        where = f"no metrics on {host} port {port} ({fault.strerror})"
        raise OSError(f"{where}: set another FAILOVER_METRICS_PORT") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
