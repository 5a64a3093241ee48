"""HDF5 files written so that a full disk is an error.

Where HDF5 can't write what it holds when a file is closed, it crashes the process, then or at the
next file. Here it is told that all was written, and the error is raised when the file is closed.
"""

from contextlib import contextmanager
from pathlib import Path

import h5py


class _Noting:
    """A file for h5py's driver of Python files, which notes the first error of writing."""

    def __init__(self, raw):
        self.raw, self.error = raw, None
        self.read, self.seek, self.tell = raw.read, raw.seek, raw.tell

    def readinto(self, buffer):
        if self.error is not None:
            raise self.error
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view):
            n = self.raw.readinto(view[done:])
            if not n:
                break
            done += n
        return done

    def write(self, data):
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self.error is None and done < len(view):
                done += self.raw.write(view[done:])
        except OSError as error:
            self.error = error
        return len(view)

    def truncate(self, size=None):
        try:
            return self.raw.truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size

    def flush(self):
        pass


@contextmanager
def new_hdf5(path, **options):
    """Open a new HDF5 file for writing; `options` go to h5py.

    Yields
    ------
    h5py.File

    Raises
    ------
    OSError
        Where the file can't be made, or could not be written in full.
    """
    with open(path, "w+b", buffering=0) as raw:
        noting = _Noting(raw)
        try:
            with h5py.File(noting, "w", **options) as file:
                yield file
        except Exception:
            if noting.error is None:
                raise
        if noting.error is not None:
            # Files have a temporary name while they are written: the folder says more.
            raise OSError(noting.error.errno, noting.error.strerror, str(Path(path).parent))


def check_room(path, n_bytes):
    """Raise OSError where a file can't be as long as that, or the disk is full already.

    For files whose layout must be that of HDF5's own driver; what is at `path` is overwritten.
    """
    with open(path, "wb") as file:
        file.write(bytes(2**16))
        file.truncate(n_bytes)
