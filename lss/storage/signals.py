"""Ctrl-C and SIGTERM during work that stops at places of its own choosing."""

import signal
import threading
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """Work that a signal stopped, with all that was finished kept.

    Attributes
    ----------
    signal : int
        The signal; a command line leaves with exit code 128 + signal.
    """

    def __init__(self, message, number):
        super().__init__(message)
        self.signal = int(number)


@contextmanager
def noted_signals():
    """Note the signals that ask to stop instead of stopping at once; the second one stops.

    Yields a list of the signals noted so far. Outside the main thread, where Python has no signal
    handlers, it stays empty.
    """
    noted = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def note(number, frame):
        noted.append(number)
        restore()

    def restore():
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield noted
    finally:
        restore()
