"""The one exception of everything a user can put right."""

from __future__ import annotations

from contextlib import contextmanager


class InputError(ValueError):
    """A mistake in what the user gave: files, units, options, selections.

    The message is one line that names what came, what was wanted and what to do. Command lines
    print it after ``error:`` and leave with exit code 2, without a traceback.
    """

    def __init__(self, message: object):
        # Messages often quote those of other libraries, which may run over several lines.
        super().__init__(" ".join(str(message).split()))


class StageError(InputError):
    """A stage of a run is not there, or was made otherwise.

    Attributes
    ----------
    stage : str
        The stage that is to be made.
    run : pathlib.Path
        The run folder.
    again : bool
        Whether there is one already, made otherwise.
    """

    def __init__(self, message, stage, run, again=False):
        super().__init__(message)
        self.stage, self.run, self.again = stage, run, again


@contextmanager
def training(network):
    """Turn what a network finds wrong with its data or settings into one line."""
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"the {network} cannot be trained: {error}") from error
