"""Observables by name: numbers that a structure has."""

import re
from dataclasses import dataclass
from itertools import combinations

import mdtraj
import numpy as np

from lss.errors import InputError
from lss.molecule.atoms import is_alpha_carbon
from lss.molecule.selection import select

#: Distance under which two CA atoms are in contact, and residues between them at least.
CONTACT_NM, APART = 0.8, 3
WORDS = ("rg", "sasa", "contacts", "distance: SELECTION - SELECTION")
_SPLIT = re.compile(r",\s*(?=(?:rg|sasa|contacts)\s*(?:,|$)|distance:)")


@dataclass(frozen=True)
class Observable:
    """A number for each structure.

    Attributes
    ----------
    name : str
    unit : str
        Empty where it has none.
    function : callable
        mdtraj.Trajectory of n frames -> array (n,).
    """

    name: str
    unit: str
    function: object


def named_observables(text, topology):
    """Read a list of observables.

    Parameters
    ----------
    text : str
        With commas between them: ``rg``, the radius of gyration with all atoms alike; ``sasa``, the
        surface that a probe of 0.14 nm reaches (Shrake and Rupley); ``contacts``, pairs of CA
        atoms closer than 0.8 nm whose residues are at least three apart; ``distance: A - B``, the
        distance between the centres of two selections.
    topology : mdtraj.Topology
        Of the decoded atoms.

    Returns
    -------
    list of Observable

    Raises
    ------
    InputError
        For another word, or atoms that are not decoded.
    """
    found = [one(part.strip(), topology) for part in _SPLIT.split(str(text))]
    names = [observable.name for observable in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"`observable` has {name!r} twice, wanted it once; leave one out")
    return found


def one(word, topology):
    """The observable of one word."""
    if word == "rg":
        return Observable("rg", "nm", mdtraj.compute_rg)
    if word == "sasa":
        return Observable("sasa", "nm^2", lambda t: mdtraj.shrake_rupley(t).sum(axis=1))
    if word == "contacts":
        return Observable("contacts", "", Contacts(topology))
    if word.startswith("distance:"):
        return Observable(word, "nm", Distance(word, topology))
    raise InputError(
        f"`observable` is {word!r}, wanted one of {', '.join(WORDS)}; separate several by commas"
    )


class Contacts:
    """Number of pairs of CA atoms in contact."""

    def __init__(self, topology):
        atoms = [a for a in topology.atoms if is_alpha_carbon(a)]
        self.pairs = np.array(
            [
                (a.index, b.index)
                for a, b in combinations(atoms, 2)
                if a.residue.chain is not b.residue.chain
                or abs(a.residue.index - b.residue.index) >= APART
            ]
        )
        if not len(self.pairs):
            raise InputError(
                "`observable` is 'contacts', wanted CA atoms of residues three apart among those "
                "decoded; give a distance"
            )

    def __call__(self, trajectory):
        distances = mdtraj.compute_distances(trajectory, self.pairs, periodic=False)
        return (distances < CONTACT_NM).sum(axis=1)


class Distance:
    """Distance between the centres of two selections."""

    def __init__(self, word, topology):
        sides = re.split(r"\s-\s", word.partition(":")[2].strip())
        if len(sides) != 2:
            raise InputError(
                f"`observable` is {word!r}, wanted two selections with ' - ' between them, such as "
                "'distance: resid 0 - resid 19'"
            )
        self.sides = [select(topology, side) for side in sides]

    def __call__(self, trajectory):
        one, two = (trajectory.xyz[:, side].mean(axis=1) for side in self.sides)
        return np.linalg.norm(one - two, axis=1)
