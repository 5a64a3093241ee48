"""A simulator in memory compared with MD: the report without a run folder."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from lss.analysis.blocks import N_BLOCKS
from lss.analysis.sample import Sample
from lss.errors import InputError
from lss.run import inputs
from lss.run.projection import find_decoded, project
from lss.run.run_folder import versions
from lss.simulation.ensemble import DecodedFrames, Ensemble
from lss.simulation.simulate import check
from lss.simulation.xtc_frames import read_synthetic
from lss.storage.full_disk import new_hdf5
from lss.storage.whole_files import PARTIAL
from lss.trajectories.held_out import refuse_overlap
from lss.trajectories.trajectory_set import TrajectorySet
from lss.units import lag_in_frames, time_ps

if TYPE_CHECKING:
    from lss.report.validation import Comparison
    from lss.simulator import LatentSpaceSimulator


def validate(
    simulator: LatentSpaceSimulator,
    md: TrajectorySet,
    held_out: TrajectorySet | None = None,
    *,
    to: str | Path,
    n_trajectories: int = 100,
    length: str | float | None = None,
    seed: int = 0,
    states: dict | None = None,
) -> Comparison:
    """Simulate, compare with MD, and write the report.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    md : lss.TrajectorySet
        The MD that the simulator was trained on.
    held_out : lss.TrajectorySet, optional
        MD that it was not trained on: a second run, which gives the ratios.
    to : str or pathlib.Path
        Folder to write to, made if needed: ``report.html``, ``report.json`` and ``figures/``, which
        replace those that are there. It holds the trajectories while they are compared.
    n_trajectories : int
        Synthetic trajectories to compare.
    length : str or float, optional
        Of each, with its unit (``"200ns"``) or in **ps**; that of the longest MD trajectory where
        not given.
    seed : int
        Of the synthetic trajectories.
    states : dict, optional
        By name, of `lss.define_states`: their populations and passage times are compared as well.

    Returns
    -------
    lss.report.validation.Comparison
        Its numbers are in ``report.json``; `lss.report.tables.summary_table` prints the main ones,
        and `lss.report.verdict.judge` says what can be trusted.

    Raises
    ------
    InputError
        Where the MD is of another molecule or is not longer than the lag time, its frames do not
        divide the lag time, `length` is shorter than that, or `held_out` has frames of `md`.
    """
    for name, given in (("md", md), ("held_out", held_out)):
        if not isinstance(given, TrajectorySet) and not (name == "held_out" and given is None):
            raise InputError(
                f"{name} is a {type(given).__name__}, wanted a TrajectorySet; open files with "
                "lss.TrajectorySet.open"
            )
        if given is not None:
            lag_in_frames(simulator.lag_time_ps, given.spacing_ps, "the simulator's lag time")
    longest_ps = (max(md.n_frames) - 1) * md.spacing_ps
    length_ps = longest_ps if length is None else time_ps(length, "length")
    n_steps = inputs.steps_of(length_ps, simulator.lag_time_ps)
    check(n_steps, n_trajectories, seed, "xtc")
    if held_out is not None:
        refuse_overlap(held_out, md)
    reference = md.reference.atom_slice(find_decoded(simulator.box, md))
    settings = {"length_ps": length_ps, "trajectories": n_trajectories, "seed": seed}
    to = Path(to)
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=to) as folder:
        synthetic = Path(folder) / "synthetic"
        with new_hdf5(Path(folder) / "coords.h5") as file:
            real = {
                name: project(simulator, given, reference.topology, file.create_group(name), name)
                for name, given in (("MD", md), ("held-out MD", held_out))
                if given is not None
            }
            simulator.simulate(synthetic, n_steps, n_trajectories, seed)
            made = read_synthetic(synthetic)
            found = compare_with_bar(
                real["MD"],
                Sample(*made),
                real.get("held-out MD"),
                of_replicas(simulator, made[0], seed),
                lag_ps=simulator.lag_time_ps,
                reference=reference,
                eigenvalues=simulator.box.meta.get("eigenvalues"),
                reversible=simulator.box.meta.get("reversible", True),
                states=list((states or {}).values()),
            )
            write(to, found, simulator.box.meta, settings)
    return found


def of_replicas(simulator, synthetic, seed):
    """Ensembles of a simulator's replicas: as long as the synthetic trajectories, fewer of each.

    Returns
    -------
    list of lss.analysis.sample.Sample
        Empty where it has none.
    """
    if not simulator.box.replicas:
        return []
    ensemble, found = Ensemble(simulator), []
    n_trajectories, n_frames, _ = synthetic.shape
    n_walkers = max(N_BLOCKS, -(-n_trajectories // len(ensemble)))
    for i, psi in enumerate(ensemble.propagate(n_frames - 1, n_walkers, seed)):
        walkers = enumerate(psi, i * n_walkers)
        found.append(Sample(psi, [DecodedFrames(simulator, x, seed, k) for k, x in walkers]))
    return found


def compare_with_bar(md, lss, held_out=None, replicas=(), **options):
    """As :func:`lss.report.validation.compare`, with a progress bar."""
    from lss.report.validation import compare, frames_to_do

    total = frames_to_do(md, lss, held_out, replicas)
    with tqdm(total=total, desc="report", unit="frame") as bar:
        return compare(md, lss, held_out, replicas=replicas, **options, tick=bar.update)


def write(to, comparison, meta, settings):
    """The report of a comparison, with what the box says of the training."""
    from lss.report import write_report

    warnings = {name: meta.get(f"{name.lower()}_warnings") for name in ("MDN", "cWGAN")}
    write_report(
        to,
        comparison,
        title=f"Latent space simulator {to.resolve().name}",
        note=meta.get("note"),
        diagnostics={n: {"warnings": found} for n, found in warnings.items() if found is not None},
        settings={"synthetic": settings},
        versions=versions(),
    )
