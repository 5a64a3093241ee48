"""Start-up messages of C code, for which the libraries have no setting, are kept off the screen."""

import ctypes
import os
import sys
import tempfile
from contextlib import contextmanager


@contextmanager
def silenced(stream):
    """Keep what C code writes to standard output or error from the screen, unless it fails.

    Such code writes past Python's `sys.stdout` and `sys.stderr`, to the file descriptor itself.

    Parameters
    ----------
    stream : {1, 2}
        File descriptor: 1 for standard output, 2 for standard error.
    """
    flush()
    screen = os.dup(stream)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), stream)
        try:
            yield
        except BaseException:
            flush()
            messages.seek(0)
            os.write(screen, messages.read())
            raise
        finally:
            flush()
            os.dup2(screen, stream)
            os.close(screen)


def flush():
    """Write out what Python and C hold back of either stream."""
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)
