"""The MD of a round: one piece from each start, those that die repeated from another frame."""

import multiprocessing
import signal
import threading

import mdtraj
import numpy as np

from lss.adaptive import engines
from lss.errors import InputError
from lss.storage import processes
from lss.storage.locks import locked
from lss.storage.signals import Interrupted, noted_signals
from lss.storage.whole_files import PARTIAL, replacing

#: Tries of a piece, each from another frame, until the campaign stops.
TRIES = 5


def piece_path(folder, number):
    return folder / f"piece-{number:03d}.xtc"


def run_pieces(folder, manifest, engine, again, scheduler=None, tick=lambda: None):
    """Run those pieces of a round that are missing.

    Parameters
    ----------
    folder : pathlib.Path
        Of the round, with its starts.
    manifest : dict
        Of the round.
    engine : dict
        See `lss.adaptive.engines.simulate`.
    again : callable
        (number of the start, why the piece died) -> manifest in which it has another frame; it is
        noted in the folder.
    scheduler : str, optional
        See `lss.storage.processes.share`.
    tick : callable
        Called after each piece.

    Raises
    ------
    Interrupted
        Where a signal asked to stop; the pieces under way are finished first.
    InputError
        Where a piece died `TRIES` times.
    """
    width = processes.n_cores() if scheduler == processes.LOCAL else None
    while missing := _missing(folder, manifest):
        # As many at once as run side by side: a stop waits for no more than these.
        batch = missing[:width]
        tasks = [_task(folder, manifest, engine, i) for i in batch]
        names = [f"piece {i} of {folder.name}" for i in batch]
        with noted_signals() as noted:
            for i, why in zip(batch, processes.share(run_piece, tasks, names, scheduler),
                              strict=True):  # fmt: skip
                if why is None:
                    tick()
                    continue
                tries = manifest["starts"][i].get("died", [])
                if len(tries) + 1 >= TRIES:
                    raise InputError(
                        f"piece {i} of {folder} died {TRIES} times, at last: {why}; look at its "
                        "start and at the settings of the engine"
                    )
                manifest = again(i, why)
        if noted:
            raise Interrupted("stopped after the piece under way", noted[0])


def _missing(folder, manifest):
    numbers = range(len(manifest["starts"]))
    return [i for i in numbers if not piece_path(folder, i).exists()]


def _task(folder, manifest, engine, i):
    start = manifest["starts"][i]
    path = (folder / start["file"]).absolute()
    return engine, path, piece_path(folder.absolute(), i), start["seed"]


def run_piece(engine, start, out, seed):
    """Run one piece in a process of its own; None, or why it died.

    A process that is left over from a campaign that was killed may still be at it: it is waited
    for, and its piece is taken.
    """
    own = multiprocessing.parent_process() is not None
    if own and threading.current_thread() is threading.main_thread():  # not a worker of Dask
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    with locked(out.with_name(f"{PARTIAL}{out.stem}.lock")) as lock:
        if out.exists():
            return None
        try:
            with replacing(out) as partial:
                engines.simulate(engine, start, partial, seed, (lock.fileno(),))
                check(partial, start, engine)
        except engines.Died as death:
            return str(death)
    return None


def check(path, start, engine):
    """Raise Died where a trajectory is not a piece: missing, too short, not finite."""
    if not path.exists():
        raise engines.Died("nothing was written")
    n_frames = 0
    try:
        for chunk in mdtraj.iterload(str(path), top=str(start), chunk=500):
            if not np.isfinite(chunk.xyz).all():
                raise engines.Died("coordinates are not finite")
            n_frames += chunk.n_frames
    except (OSError, ValueError, RuntimeError) as error:
        raise engines.Died(f"what was written cannot be read: {error}") from error
    if n_frames < engine["n_frames"]:
        raise engines.Died(f"{n_frames} frames were written, wanted {engine['n_frames']}")
