"""One task a trajectory, shared out over the processes of this machine or of a Dask cluster.

The machines of a cluster must see the same files under the same names. A task that is begun again,
since its worker died, must come to the same end.
"""

import logging
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from lss.errors import InputError

#: In place of the address of a scheduler: processes of this machine, one for each of its cores.
LOCAL = "local"
_CONNECT_SECONDS = 30
_PATIENCE_SECONDS = 60  # with a cluster without workers, before it is said

logger = logging.getLogger(__name__)


def share(function, tasks, names, scheduler=None):
    """Call a function for each task and yield the results in the order of the tasks.

    Parameters
    ----------
    function : callable
        Defined in a module, so that other processes find it.
    tasks : list of tuple
        The arguments of each call.
    names : list of str
        What each task works on, for errors.
    scheduler : str, optional
        Address of a Dask scheduler, or `LOCAL`; where not given, this process does all.

    Yields
    ------
    object
        What the calls returned.

    Raises
    ------
    InputError
        Where a process died of a task, as the readers of damaged files may; where there is no
        Dask or no scheduler. What a call raises is passed on.
    """
    if scheduler is None:
        return (function(*task) for task in tasks)
    if scheduler == LOCAL:
        return _on_this_machine(function, tasks, names)
    return _on_dask(function, tasks, names, scheduler)


def _on_this_machine(function, tasks, names):
    done = 0
    while done < len(tasks):
        try:
            with _pool(min(n_cores(), len(tasks) - done)) as pool:
                for result in pool.map(function, *zip(*tasks[done:], strict=True)):
                    yield result
                    done += 1
        except BrokenProcessPool:
            # All tasks under way are lost with the process; the first of them is tried alone.
            yield _alone(function, tasks[done], names[done])
            done += 1


def _alone(function, task, name):
    try:
        with _pool(1) as pool:
            return pool.submit(function, *task).result()
    except BrokenProcessPool as error:
        raise _died(name) from error


def _pool(n):
    # Started afresh: a process that has used TensorFlow or OpenMP must not be forked.
    return ProcessPoolExecutor(n, mp_context=multiprocessing.get_context("spawn"))


def n_cores():
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _died(name):
    return InputError(
        f"{name}: the process that worked on it died; the file may be damaged, or memory ran out"
    )


def check(scheduler):
    """Raise InputError where no Dask scheduler answers at an address."""
    with _client(scheduler):
        pass


def _client(scheduler):
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "`scheduler` needs Dask's scheduler; install it with: pip install distributed"
        ) from None
    try:
        return Client(scheduler, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise InputError(
            f"`scheduler` is {scheduler}, where no scheduler answers ({error}); give the address "
            "that it shows when it starts"
        ) from error


def _on_dask(function, tasks, names, scheduler):
    with _client(scheduler) as client:
        from distributed import KilledWorker

        # Not "pure": Dask would take equal arguments for equal files.
        futures = [client.submit(function, *task, pure=False) for task in tasks]
        for future, name in zip(futures, names, strict=True):
            try:
                yield _result(future, client, name)
            except KilledWorker as error:
                raise _died(name) from error


def _result(future, client, name):
    """What a task returned; Dask waits for workers as long as it takes, and that is said."""
    while True:
        try:
            return future.result(timeout=_PATIENCE_SECONDS)
        except TimeoutError:
            if future.done():  # just now, or the error is the task's own
                return future.result()
        if not client.scheduler_info()["workers"]:
            logger.warning(
                "the cluster has no workers; waiting for one to work on %s. Start workers, or "
                "interrupt: a damaged file may have killed those that were there",
                name,
            )
