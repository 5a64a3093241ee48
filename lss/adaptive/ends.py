"""The ends of what a run has seen of its torsions, and how often MD was started at each."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lss.adaptive import edges
from lss.adaptive.reach import WIDTH, reach
from lss.run import run_files

MANIFEST = "manifest.json"
#: An end at which the density would fall by more e-folds over its gap is given up. In the
#: pentapeptide phi that were crossed later had up to 57, peptide bonds of 1,000 frames 62 to 88.
STEEPEST = 60.0


@dataclass(frozen=True)
class End:
    """An edge, and how often MD was started there.

    Attributes
    ----------
    edge : lss.adaptive.edges.Edge
    place : (str, float)
        Torsion, and where its last bin begins, in degrees.
    tries : int
    """

    edge: edges.Edge
    place: tuple
    tries: int


def find_ends(run, names, rounds):
    """The ends that MD may pass.

    Parameters
    ----------
    run : lss.run.run_folder.Run
    names : list of str
        Of the trajectories, with their folders.
    rounds : list of int
        Of the trajectories.

    Returns
    -------
    list of End
    lss.adaptive.reach.Reach
    """
    with run_files.open_features(run) as file:
        features = run_files.feature_arrays(file)
        been = reach(features, list(file.attrs["features"]), rounds)
    tries, found = tries_of(names), []
    for edge in edges.edges(been):
        place = (been.names[edge.torsion], edge.bin * WIDTH - 180)
        if edge.falls <= STEEPEST:
            found.append(End(edge, place, tries[place]))
    return found, been


def tries_of(names):
    """How often MD was started at each end, by the manifests of the rounds of trajectories."""
    folders = {Path(name.split(" + ")[0]).parent for name in names}
    found = Counter()
    for folder in folders:
        if re.fullmatch(r"round-\d+", folder.name) and (folder / MANIFEST).exists():
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            found.update(tuple(s["end"]) for s in manifest["starts"] if s.get("end"))
    return found


def choose_ends(run, ends, reach, number, share, seed):
    """Draw ends for a batch of starts, and a frame at each.

    Parameters
    ----------
    run : lss.run.run_folder.Run
    ends : list of End
    reach : lss.adaptive.reach.Reach
    number : int
        Starts of the whole batch.
    share : float
        Of them that lie at ends, on average.
    seed : int

    Returns
    -------
    list of (End, float, (int, int))
        With the score, 1 for the best end, and trajectory and frame.
    """
    rng = np.random.default_rng([seed, 1])
    n = int(rng.binomial(number, share)) if ends else 0
    if not n:
        return []
    tries = [end.tries for end in ends]
    chosen, score = edges.choose_edges([end.edge for end in ends], tries, n, rng)
    with run_files.open_features(run) as file:
        features, names = run_files.feature_arrays(file), list(file.attrs["features"])
        frames = edges.frames_at(features, names, [ends[k].edge for k in chosen], rng)
    return [(ends[k], float(score[k]), frame) for k, frame in zip(chosen, frames, strict=True)]
