"""How many files, connections among them, a process may have open."""

import resource


def allow_many() -> None:
    """As many as the system lets it: a login shell's 1024 are fewer than a worker's receivers."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
