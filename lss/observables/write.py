"""Observables of synthetic trajectories in their folder: numbers and a picture beside them."""

from pathlib import Path

import h5py
import numpy as np

from lss.observables.expectation import measured, numbers
from lss.report import figures as draw
from lss.report.wording import time_unit
from lss.storage.whole_files import plain, write_json


def write_observables(simulator, to, observables, seed, first_walker=0, md=None, progress=True):
    """Measure the trajectories of a finished simulation: observables.json, .png, .pdf and .csv.

    Structures are decoded again, as they were for the trajectory files, where there are any.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    to : str or pathlib.Path
        Folder of the simulation.
    observables : list of lss.observables.named.Observable
    seed, first_walker : int
        As of the simulation.
    md : lss.TrajectorySet, optional
        MD to be measured beside.
    progress : bool
        Show a progress bar.

    Returns
    -------
    dict of lss.observables.statistics.Statistics
    """
    to = Path(to)
    with h5py.File(to / "psi.h5") as file:
        found = measured(simulator, file["psi"], observables, seed, first_walker, md, progress)
    write_json(to / "observables.json", plain(numbers(observables, found)))
    figure, columns = drawn(observables, found)
    draw.save(figure, to, "observables", columns, simulator.box.meta.get("note"))
    return found


def drawn(observables, found):
    """Distribution and autocorrelation of each observable, and their numbers."""
    n = len(observables)
    figure = draw.new_figure(7, 2.5 * n)
    axes = figure.subplots(n, 2, squeeze=False)
    longest = max(float(s.times_ps[-1]) for s in found.values())
    (unit, length), columns = time_unit(longest), {}
    for k, (observable, (left, right)) in enumerate(zip(observables, axes, strict=True)):
        label = f"{observable.name} ({observable.unit})" if observable.unit else observable.name
        for name, s in found.items():
            share, error = (a[k] for a in (s.population.value, s.population.standard_error))
            centres = (s.edges[k][1:] + s.edges[k][:-1]) / 2
            colour = draw.COLOURS[name]
            left.plot(centres, share, color=colour, label=name, lw=1.3)
            left.fill_between(centres, share - error, share + error, color=colour, alpha=0.25, lw=0)
            c, bar = (a[:, k] for a in (s.correlation.value, s.correlation.standard_error))
            right.errorbar(s.times_ps / length, c, bar, color=colour, label=name, lw=1.2,
                           marker="o", ms=3, capsize=2)  # fmt: skip
            columns[label] = centres
            columns[f"share of frames by {observable.name} {name}"] = share
            columns[f"standard error of it {observable.name} {name}"] = error
            columns[f"time {name} (ps)"] = s.times_ps
            columns[f"autocorrelation of {observable.name} {name}"] = c
            columns[f"standard error of C {observable.name} {name}"] = bar
        left.set_xlabel(label)
        left.set_ylabel("share of frames")
        right.set_xlabel(f"t ({unit})")
        right.set_ylabel("C(t)")
        right.axhline(0, color="0.7", lw=0.7, zorder=0)
    axes[0, 0].legend(fontsize=7)
    return figure, {name: np.asarray(values) for name, values in columns.items()}
