"""Is what the decoder draws right? Everything that can be said without names of atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from cwgan.contacts import CLASH_QUANTILE, Contacts
from cwgan.diagnostics import (
    energy_distance,
    explained_variance,
    pair_distances,
    radius_of_gyration,
    stereocentres,
    variance_ratio,
    variance_ratios,
    wrong_hands,
)
from cwgan.features import LENGTH_FLOOR, choose_pairs
from cwgan.regression import fit_regressor, read

if TYPE_CHECKING:
    from cwgan.bonds import BondGraph

MAX_NOVELTY = 1000  # frames whose neighbours are looked for
MAX_PAIRED = 4000  # frames of an energy distance


def diagnose(
    psi: np.ndarray,
    coords: np.ndarray,
    made: np.ndarray,
    graph: BondGraph | None = None,
    seed: int = 0,
) -> dict:
    """Compare structures drawn from psi with those that belong to it.

    Parameters
    ----------
    psi : ndarray (n_frames, latent_dim)
    coords, made : ndarray (n_frames, n_atoms, 3)
        Data and drawn structures, **nm**, superposed.
    graph : BondGraph, optional
        Without it nothing is said of bonds, contacts and chirality.
    seed : int

    Returns
    -------
    dict
        Plain numbers and lists, the data's own value beside each (names ending in "_md"), lengths
        in nm, and "warnings", a list of sentences.
    """
    out = {"n_frames": len(psi)}
    pairs = choose_pairs(graph, coords)
    d, d_md = pair_distances(made, pairs), pair_distances(coords, pairs)
    out.update(_energy(d, d_md, seed))
    rg, rg_md = radius_of_gyration(made), radius_of_gyration(coords)
    out.update(rg_mean=rg.mean(), rg_mean_md=rg_md.mean(), rg_sd=rg.std(), rg_sd_md=rg_md.std())
    out["explained_variance"] = explained_variance(psi, d)
    out["explained_variance_md"] = explained_variance(psi, d_md)
    out["variance_ratio"] = variance_ratio(psi, d, psi, d_md)
    out["variance_ratio_by_bin"] = variance_ratios(psi, d, psi, d_md)
    out.update(_novelty(d, d_md, seed))
    if graph is not None:
        out.update(_geometry(graph, coords, made))
    out.update(_round_trip(psi, d, d_md, seed))
    out = {name: _plain(value) for name, value in out.items()}
    out["warnings"] = _sentences(out)
    return out


def _energy(d, d_md, seed):
    """Energy distance of half the frames to the other half's data, and the data's own."""
    scale = np.maximum(d_md.std(0), 0.004)
    order = np.random.default_rng(seed).permutation(len(d))
    half = min(len(d) // 2, MAX_PAIRED)
    one, two = order[:half], order[half : 2 * half]
    if half == 0:
        return {"energy_distance": float("nan"), "energy_floor": float("nan")}
    return {
        "energy_distance": energy_distance(d[one] / scale, d_md[two] / scale),
        "energy_floor": energy_distance(d_md[one] / scale, d_md[two] / scale),
    }


def _novelty(d, d_md, seed):
    """Root mean square difference of pair distances to the nearest frame of the data.

    Drawn structures much nearer to the data than the data's frames are to one another would be
    copies; much farther ones would be nonsense.
    """
    if d.shape[1] == 0 or len(d) < 4:
        return {}
    order = np.random.default_rng(seed).permutation(len(d))
    rows, others = order[: min(MAX_NOVELTY, len(d) // 2)], order[len(d) // 2 :][:20_000]

    def nearest(x):
        squared = (x**2).sum(1)[:, None] + (d_md[others] ** 2).sum(1) - 2 * x @ d_md[others].T
        return float(np.sqrt(np.median(np.maximum(squared.min(1), 0)) / d.shape[1]))

    return {"nearest_frame": nearest(d[rows]), "nearest_frame_md": nearest(d_md[rows])}


def _geometry(graph, coords, made):
    """Bonds, angles, rings, contacts and chirality."""
    out = {}
    kinds = {"bond": graph.bonds, "angle": graph.pairs(2), "ring": graph.ring_pairs()}
    for name, pairs in kinds.items():
        if not len(pairs):
            continue
        d, d_md = pair_distances(made, pairs), pair_distances(coords, pairs)
        out[f"{name}_pairs"] = pairs
        out[f"{name}_mean"], out[f"{name}_mean_md"] = d.mean(0), d_md.mean(0)
        out[f"{name}_sd"], out[f"{name}_sd_md"] = d.std(0), d_md.std(0)
        # As far as the data go, and a tenth of their range more; a bond that a constraint holds has
        # no range, and is as right as training can see.
        margin = np.maximum(0.1 * (d_md.max(0) - d_md.min(0)), LENGTH_FLOOR)
        good = (d > d_md.min(0) - margin) & (d < d_md.max(0) + margin)
        out[f"{name}_right"] = good.all(1).mean()
    if graph.nonbonded().any():
        contacts = Contacts(1.0, graph.n_atoms, graph.bonds)
        close, close_md = contacts.closest(made), contacts.closest(coords)
        limit = np.quantile(close_md, CLASH_QUANTILE)
        out["clash_limit"] = limit
        out["clash"], out["clash_md"] = (close < limit).mean(), (close_md < limit).mean()
    centres, signs = stereocentres(graph, coords)
    out["n_stereocentres"] = len(centres)
    out["wrong_hand"] = wrong_hands(made, centres, signs).any(1).mean() if len(centres) else 0.0
    return out


def _round_trip(psi, d, d_md, seed):
    """How well psi can be read from the pair distances drawn, and from the data's.

    A regressor reads them, fitted on every other frame of the data and asked about the rest: not
    the one that training went by, if it did.
    """
    if d.shape[1] == 0 or len(psi) < 100:
        return {}
    wanted = (psi - psi.mean(0)) / np.maximum(psi.std(0), 1e-12)
    middle, spread = d_md.mean(0), np.maximum(d_md.std(0), 0.004)
    d, d_md = (d - middle) / spread, (d_md - middle) / spread
    regressor, _ = fit_regressor(tf.identity, d_md[::2], wanted[::2], seed, n_steps=1000)
    out, variance = {}, wanted[1::2].var(0) + 1e-12
    for name, x in (("", d), ("_md", d_md)):
        error = read(regressor, tf.identity, x[1::2]) - wanted[1::2]
        out[f"psi_r2{name}"] = 1 - (error**2).mean(0) / variance
        out[f"psi_median_error{name}"] = np.median(np.abs(error), 0)
    return out


def _plain(value):
    """Python numbers and lists, for JSON."""
    return np.asarray(value).tolist() if np.ndim(value) else float(value)


def _sentences(out):
    """What a user should know, in words."""
    say = []
    if out["energy_distance"] > 10 * out["energy_floor"]:
        say.append(
            f"the decoded structures differ from the data: energy distance "
            f"{out['energy_distance']:.4f}, floor {out['energy_floor']:.4f}; train longer"
        )
    if out["variance_ratio"] <= 0.8 or out["variance_ratio"] >= 1.25:
        say.append(
            f"within bins of psi the structures vary {out['variance_ratio']:.2f} times as much "
            "as the data's"
        )
    if out.get("bond_right", 1) < 0.98:
        say.append(
            f"only {out['bond_right']:.1%} of the structures have all bonds within the data's range"
        )
    if out.get("wrong_hand", 0) > 1e-3:
        say.append(f"{out['wrong_hand']:.1%} of the structures have a centre of the wrong hand")
    if out.get("clash", 0) > out.get("clash_md", 0) + 0.01:
        say.append(
            f"{out['clash']:.1%} of the structures have atoms closer than "
            f"{out['clash_limit']:.3f} nm (data: {out['clash_md']:.1%})"
        )
    for j, (r2, best) in enumerate(
        zip(out.get("psi_r2", []), out.get("psi_r2_md", []), strict=True)
    ):
        if best < 0.9:
            say.append(
                f"the decoded atoms of the data tell psi_{j + 1} in part only (R^2 {best:.2f}): "
                "decode more atoms, or leave features of other atoms out"
            )
        elif r2 < 0.9 * best:
            say.append(
                f"the structures do not follow psi_{j + 1}: R^2 {r2:.2f}, data {best:.2f}; train "
                "longer"
            )
    if out.get("nearest_frame", 1) < 0.5 * out.get("nearest_frame_md", 0):
        say.append("the structures are closer to frames of the data than those are to one another")
    return say
