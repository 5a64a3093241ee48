"""A lock that a process holds on a file, and loses when it dies."""

import fcntl
from contextlib import contextmanager


@contextmanager
def locked(path):
    """Wait for a process that still has the lock, of a run that was stopped or a task given up.

    Yields the open lock file; processes that inherit it hold the lock as well.
    """
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
