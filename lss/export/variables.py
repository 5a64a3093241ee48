"""What a variable is made of: its descriptors by atom, and numbers to bias it with."""

from dataclasses import dataclass

import numpy as np

from lss.analysis.transitions import find_cores
from lss.errors import InputError
from lss.export.layers import folded
from lss.features.featurizer import Featurizer
from lss.molecule.cells import molecule_labels

#: How far beyond the range of the data a grid reaches, as a share of the range.
MARGIN = 0.5
BINS_OF_SIGMA = 5


@dataclass(frozen=True, eq=False)
class Variables:
    """The modes of a simulator as functions of coordinates.

    Attributes
    ----------
    layers : list of lss.export.layers.Layer
        Descriptors -> psi; cosine and sine of each torsion, then distances in nm.
    torsions : np.ndarray of int, shape (k, 4)
        Atoms, from 0, in the topology of the simulation to be biased.
    distances : np.ndarray of int, shape (l, 2)
    names : list of str
        Of the descriptors.
    molecules : list of np.ndarray
        Atoms of each molecule that they reach into.
    ranges : list of Range
        One for each mode.
    reference : np.ndarray, shape (atoms, 3)
        One structure of all atoms, **nm**.
    psi : np.ndarray, shape (m,)
        The modes there, by the encoder.
    """

    layers: list
    torsions: np.ndarray
    distances: np.ndarray
    names: list
    molecules: list
    ranges: list
    reference: np.ndarray
    psi: np.ndarray


@dataclass(frozen=True)
class Range:
    """Numbers to bias a mode with, in units of psi.

    Attributes
    ----------
    low, high : float
        Range of the data.
    sigma : float
        Half the standard deviation within the two groups that split the mode best: narrower than
        a state is wide.
    """

    low: float
    high: float
    sigma: float

    @property
    def grid(self):
        """Low and high end of a grid, and its number of bins, five to a sigma."""
        reach = MARGIN * (self.high - self.low)
        low, high = self.low - reach, self.high + reach
        return low, high, int(np.ceil((high - low) / self.sigma * BINS_OF_SIGMA))


def ranges(psi):
    """A `Range` for each mode of latent states (n, m)."""
    found = []
    for column in np.asarray(psi, np.float64).T:
        cores = find_cores(column)
        middle = (cores.low + cores.high) / 2
        groups = [column[column <= middle], column[column > middle]]
        within = np.sqrt(sum(len(g) * g.var() for g in groups if len(g)) / len(column))
        found.append(Range(float(column.min()), float(column.max()), float(within / 2)))
    return found


def variables(encoder, featurizer, structure, psi):
    """Put together what an export needs.

    Parameters
    ----------
    encoder : keras.Model
        features -> psi.
    featurizer : lss.Featurizer
        For the topology of the simulation that is to be biased, with all its atoms.
    structure : mdtraj.Trajectory
        One frame of this topology.
    psi : np.ndarray, shape (n, m)
        Latent states of the training data.

    Returns
    -------
    Variables

    Raises
    ------
    InputError
        Where the features are not ones that are computed from structures, or the encoder cannot be
        written as formulas.
    """
    if not isinstance(featurizer, Featurizer):
        raise InputError(
            "the features are the user's own, wanted torsions and distances; train on features "
            "that lss computes"
        )
    described = featurizer.to_dict()
    torsions, distances = (
        featurizer.atoms[np.array(list(described[kind].values()), int).reshape(-1, width)]
        for kind, width in (("torsions", 4), ("distances", 2))
    )
    labels = molecule_labels(featurizer.topology)
    reached = np.unique(labels[featurizer.atoms])
    features = featurizer.compute(structure[:1])
    return Variables(
        layers=folded(encoder),
        torsions=torsions,
        distances=distances,
        names=list(featurizer.names),
        molecules=[np.flatnonzero(labels == label) for label in reached],
        ranges=ranges(psi),
        reference=np.asarray(structure.xyz[0], np.float64),
        psi=np.asarray(encoder.predict(features, verbose=0), np.float64)[0],
    )
