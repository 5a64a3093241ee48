"""`lss.expectation`: what a simulator says of any function of structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tqdm import tqdm

from lss.errors import InputError
from lss.observables.named import Observable, named_observables
from lss.observables.statistics import Statistics, ranges, statistics
from lss.observables.values import md_values, synthetic_values
from lss.run.inputs import steps_of
from lss.simulation.simulate import check, start_states
from lss.units import lag_in_frames, time_ps

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lss.simulator import LatentSpaceSimulator
    from lss.trajectories.trajectory_set import TrajectorySet


def expectation(
    simulator: LatentSpaceSimulator,
    observables: Callable | str | dict[str, Callable],
    length: str | float,
    n_trajectories: int = 100,
    seed: int = 0,
    start: ArrayLike | None = None,
    md: TrajectorySet | None = None,
    progress: bool = True,
) -> dict[str, Statistics]:
    """Averages, distributions and time correlations over synthetic trajectories.

    No trajectory is kept: structures are decoded in blocks, and only their numbers stay.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    observables : callable, str, or dict of callables
        A function of an mdtraj.Trajectory of n frames of the decoded atoms that returns n numbers;
        several by name; or a text such as ``"rg,contacts"`` (see
        `lss.observables.named.named_observables`).
    length : str or float
        Of each trajectory, with its unit (``"10us"``) or in **ps**.
    n_trajectories, seed : int
    start : array_like, optional
        Start states, as in `simulate`.
    md : lss.TrajectorySet, optional
        MD of the same molecule, to be measured beside.
    progress : bool
        Show a progress bar.

    Returns
    -------
    dict of lss.observables.statistics.Statistics
        ``"LSS"``, and ``"MD"`` where it was given.

    Raises
    ------
    InputError
        Where a function fails, does not return one finite number for each frame, or a length or a
        state makes no sense.
    """
    wanted = as_observables(observables, simulator)
    n_steps = steps_of(time_ps(length, "length"), simulator.lag_time_ps)
    check(n_steps, n_trajectories, seed, "xtc")
    psi0 = start_states(simulator, start, n_trajectories, seed, 0)
    psi = simulator.propagate(psi0, n_steps, seed)
    return measured(simulator, psi, wanted, seed, md=md, progress=progress)


def as_observables(given, simulator):
    """What a user gave, as a list of `Observable`."""
    if isinstance(given, str):
        return named_observables(given, simulator.box.reference.topology)
    functions = given if isinstance(given, dict) else {getattr(given, "__name__", "f"): given}
    for name, function in functions.items():
        if not callable(function):
            raise InputError(
                f"`observables` holds {name!r}, a {type(function).__name__}, wanted a function of "
                "an mdtraj.Trajectory; give one"
            )
    return [Observable(name, "", function) for name, function in functions.items()]


def measured(simulator, psi, observables, seed, first_walker=0, md=None, progress=True):
    """Statistics of observables over latent trajectories, and over MD where it is given.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    psi : array-like, shape (n, frames, m)
        Read a trajectory at a time.
    observables : list of Observable
    seed, first_walker : int
        As of the simulation.
    md : lss.TrajectorySet, optional
    progress : bool

    Returns
    -------
    dict of Statistics
        ``"LSS"``, and ``"MD"`` where it was given.
    """
    lag_ps, lag = simulator.lag_time_ps, 1
    total = psi.shape[0] * psi.shape[1] + (0 if md is None else sum(md.n_frames))
    if md is not None:
        lag = lag_in_frames(lag_ps, md.spacing_ps, "the simulator's lag time")
    with tqdm(total=total, desc="observables", unit="frame", disable=not progress) as bar:
        values = {
            "LSS": synthetic_values(simulator, psi, observables, seed, first_walker, bar.update)
        }
        if md is not None:
            values["MD"] = md_values(simulator, md, observables, bar.update)
    edges = ranges(*values.values())
    return {
        name: statistics(parts, lag if name == "MD" else 1, lag_ps, edges)
        for name, parts in values.items()
    }


def numbers(observables, found):
    """All numbers of `measured`, for a JSON file."""
    out = {}
    for k, observable in enumerate(observables):
        out[observable.name] = {"unit": observable.unit}
        for name, s in found.items():
            out[observable.name][name] = {
                "mean": s.mean.value[k],
                "mean_standard_error": s.mean.standard_error[k],
                "standard_deviation": s.deviation.value[k],
                "standard_deviation_standard_error": s.deviation.standard_error[k],
                "bin_edges": s.edges[k],
                "population": s.population.value[k],
                "population_standard_error": s.population.standard_error[k],
                "times_ps": s.times_ps,
                "autocorrelation": s.correlation.value[:, k],
                "autocorrelation_standard_error": s.correlation.standard_error[:, k],
                "frames": s.frames,
                "trajectories": s.trajectories,
            }
    return out


def text(observables, found):
    """Means with errors, one line an observable."""
    from lss.report.wording import plus_minus

    lines = []
    for k, observable in enumerate(observables):
        parts = (
            f"{name} {plus_minus(float(s.mean.value[k]), float(s.mean.standard_error[k]))}"
            for name, s in found.items()
        )
        lines.append(f"{observable.name}: {', '.join(parts)} {observable.unit}".rstrip())
    return "\n".join(lines)
