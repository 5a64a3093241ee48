"""Propagator and encoder on the four-well system, against its exact answer (paper, section 3.1)."""

import tempfile
import time
from dataclasses import dataclass

import numpy as np

from lss.errors import InputError
from reproduction import binned, paper
from reproduction.four_well_reference import Reference, brownian_reference, chain_reference
from reproduction.results import Results, check_folder

LAG = paper.FOUR_WELL_LAG
#: The two dynamics.
DYNAMICS = (chain_reference, brownian_reference)
#: A trajectory of fewer lags is too short to compare.
SHORTEST = 100


@dataclass(frozen=True)
class Study:
    """What was found with one dynamics.

    Parameters
    ----------
    reference : Reference
        The exact answer.
    trajectory : np.ndarray, shape (n,)
        Positions x in every lag-th frame of the data.
    synthetic : np.ndarray, shape (k,)
        Positions of the synthetic trajectory, one step of which is one lag.
    matrices : dict of np.ndarray, shape (n_bins, n_bins)
        Of the ``data`` and of the ``mdn``: probabilities from bin to bin in one lag.
    densities : dict of np.ndarray, shape (n_bins,)
        Shares of the frames of ``data`` and ``synthetic`` in each bin.
    functions : np.ndarray, shape (n_bins, 3)
        Modes of the encoder in the middle of each bin, their signs those of the exact ones.
    numbers : dict
        All that the tables say.
    """

    reference: Reference
    trajectory: np.ndarray
    synthetic: np.ndarray
    matrices: dict
    densities: dict
    functions: np.ndarray
    numbers: dict


def check(folder, n_steps, n_synthetic):
    """InputError where a folder may not be written, or lengths are too short to compare."""
    check_folder(folder)
    if n_steps < SHORTEST * LAG or n_synthetic < SHORTEST:
        raise InputError(
            f"--length {n_steps} --synthetic {n_synthetic}: the lag is {LAG} steps; give at least "
            f"{SHORTEST * LAG} and {SHORTEST}, or there is nothing to compare"
        )


def reproduce(folder, n_steps, n_synthetic, seed=0, steps=None):
    """Study both dynamics and write numbers, tables and pictures.

    Parameters
    ----------
    folder : path
        Results that are there are replaced.
    n_steps, n_synthetic, seed, steps
        As for :func:`study`.

    Returns
    -------
    str
        The tables.
    """
    from reproduction.four_well_figures import draw

    studies = [study(make(LAG), n_steps, n_synthetic, seed, steps) for make in DYNAMICS]
    found = results(studies, seed)
    with tempfile.TemporaryDirectory() as scratch:
        pictures = [path for s in studies for path in draw(s, scratch)]
        found.write(folder, pictures)
    return f"{found.text()}\nresults: {folder}"


def study(reference, n_steps, n_synthetic, seed=0, steps=None):
    """Simulate, train propagator and encoder, and compare with the exact answer.

    Parameters
    ----------
    reference : Reference
    n_steps, n_synthetic : int
        Steps of the data; steps of one lag of the synthetic trajectory.
    seed : int
        Of everything.
    steps : int, optional
        Length of both trainings, if not those of the recommended presets.

    Returns
    -------
    Study
    """
    from lss.run.planned import chosen
    from mdn import Propagator
    from srv import SRV

    x = reference.simulate(n_steps, seed)
    column = x.astype(np.float32)[:, None]
    start = time.process_time()
    propagator = Propagator.from_preset(
        "recommended", 1, lag_time=LAG, n_components=paper.FOUR_WELL_COMPONENTS,
        bounds=reference.bounds, seed=seed, **chosen(n_updates=steps),
    ).fit(column)  # fmt: skip
    seconds = {"propagator": time.process_time() - start}
    first = column[np.random.default_rng(seed).integers(n_steps, size=1)]
    synthetic = propagator.propagate(first, n_synthetic, seed)[:, 0, 0].astype(np.float64)
    start = time.process_time()
    encoder = SRV.from_preset(
        "recommended", 1, n_components=3, lag_time=LAG, seed=seed,
        **chosen(n_updates=steps),
    ).fit([column])  # fmt: skip
    seconds["encoder"] = time.process_time() - start
    return _compare(reference, x, synthetic, propagator, encoder, seconds)


def _compare(reference, x, synthetic, propagator, encoder, seconds):
    n_bins, weight = len(reference.weight), reference.weight
    bins, synthetic_bins = reference.label(x), reference.label(synthetic)
    counts = binned.counted(bins, LAG, n_bins)
    steps = binned.counted(synthetic_bins, 1, n_bins)
    matrices = {
        "data": binned.probabilities(counts.total()["counts"]),
        "mdn": binned.binned_matrix(
            propagator.model, reference.starts, reference.start_weights, reference.edges
        ),
    }
    densities = {
        name: np.bincount(b, minlength=n_bins) / len(b)
        for name, b in (("data", bins), ("synthetic", synthetic_bins))
    }
    mdn_times, mdn_weight = binned.matrix_figures(matrices["mdn"], LAG)
    centres = reference.centres.astype(np.float32)[:, None]
    psi = encoder.transform(centres).astype(np.float64)
    overlap = weight @ (psi * reference.functions) / np.sqrt(weight @ psi**2)
    data_times = binned.counted_timescales(counts, LAG)
    own_times = binned.counted_timescales(steps, LAG)
    numbers = {
        "steps": len(x),
        "synthetic_steps": len(synthetic),
        "row_tvd": {
            name: binned.row_distance(matrix, reference.matrix, weight)
            for name, matrix in matrices.items()
        },
        "stationary_tvd": {
            "data": binned.distance(densities["data"], weight),
            "data_one_frame_a_lag": binned.distance(
                np.bincount(bins[::LAG], minlength=n_bins) / len(bins[::LAG]), weight
            ),
            "synthetic": binned.distance(densities["synthetic"], weight),
            "mdn": binned.distance(mdn_weight, weight),
            "mdn_to_data": binned.distance(mdn_weight, densities["data"]),
        },
        "eigenvalues": {"exact": reference.eigenvalues, "encoder": encoder.eigenvalues_},
        "timescales_steps": {
            "exact": reference.timescales,
            "data": data_times.value,
            "data_standard_error": data_times.standard_error,
            "mdn": mdn_times,
            "synthetic": own_times.value,
            "synthetic_standard_error": own_times.standard_error,
            "encoder": encoder.timescales_,
        },
        "encoder_overlap": np.abs(overlap),
        "cpu_seconds": seconds,
    }
    return Study(
        reference, x[::LAG], synthetic, matrices, densities, np.sign(overlap) * psi, numbers
    )


def results(studies, seed):
    """The tables and numbers of one or two studies.

    Returns
    -------
    reproduction.results.Results
    """
    found = Results({"seed": seed, "lag_steps": LAG, "components": paper.FOUR_WELL_COMPONENTS})
    for s in studies:
        found.numbers[s.reference.name] = s.numbers
        found.add(f"errors-{s.reference.name}", *_errors(s.numbers))
        found.add(f"timescales-{s.reference.name}", *_timescales(s.numbers))
    return found


def _errors(n):
    tvd, rows = n["stationary_tvd"], n["row_tvd"]
    head = ["total variation distance", "MDN", "counted in the data (floor)"]
    return head, [
        ["transition densities p(y given x) to the exact ones", f"{rows['mdn']:.4f}",
         f"{rows['data']:.4f}"],
        ["stationary density of p(y given x) to the exact one", f"{tvd['mdn']:.4f}",
         f"{tvd['data']:.4f}"],
        ["stationary density of p(y given x) to that of the data", f"{tvd['mdn_to_data']:.4f}",
         "0"],
        ["density of the synthetic trajectory to the exact one", f"{tvd['synthetic']:.4f}",
         f"{tvd['data_one_frame_a_lag']:.4f} (one frame a lag)"],
    ]  # fmt: skip


def _timescales(n):
    times = n["timescales_steps"]
    exact = times["exact"]
    rows = [["exact", *(f"{t:.1f}" for t in exact), ""]]
    for label, key in (
        ("counted in the data", "data"),
        ("MDN, its transition densities", "mdn"),
        ("counted in the synthetic trajectory", "synthetic"),
        ("encoder (SRV)", "encoder"),
    ):
        errors = times.get(f"{key}_standard_error", [None] * 3)
        cells = [
            f"{t:.0f}" + ("" if e is None else f" ± {e:.0f}")
            for t, e in zip(times[key], errors, strict=True)
        ]
        off = " / ".join(
            f"{100 * (t / e - 1):+.1f}" for t, e in zip(times[key], exact, strict=True)
        )
        rows.append([label, *cells, off])
    overlaps = [f"{v:.4f}" for v in n["encoder_overlap"]]
    rows.append(["encoder: overlap with the exact eigenfunctions", *overlaps, ""])
    return ["timescales, steps", "t_1", "t_2", "t_3", "off the exact, %"], rows
