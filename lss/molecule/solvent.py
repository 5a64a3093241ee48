"""Water and ions: what surrounds a molecule, by names and by composition."""

import re

#: Names of water beyond those that mdtraj knows; W, WN and PW are beads of MARTINI.
_WATERS = {"TIP3P", "TIP4P", "TIP5P", "TIP5", "TP3", "TP4", "TP5", "T3P", "T4P", "T5P", "T3H"}
_WATERS |= {"SPC", "SPCE", "SPC/E", "SPX", "OPC", "OPC3", "DOD", "D2O", "TP3M", "T4E", "HO4"}
_BEADS_OF_WATER = {"W", "WN", "PW", "WF", "SW", "TW"}
#: Ions of one atom, without charges and digits: elements, then names of CHARMM and others.
_IONS = {"LI", "NA", "K", "RB", "CS", "MG", "CA", "SR", "BA", "MN", "FE", "CO", "NI", "CU", "ZN"}
_IONS |= {"CD", "HG", "AG", "AL", "PB", "F", "CL", "BR", "I", "CR", "TL", "SOD", "CLA", "POT"}
_IONS |= {"LIT", "RUB", "CES", "CAL", "BAR", "CAD", "IOD", "IM", "IP"}
#: Residues that say no more than that the atom is an ion.
_ANY_ION = {"ION", "IONS", "CIP", "CIM", "IB"}


def is_water(residue):
    """Whether a residue is water: by its name, or since it is O, two H and nothing but sites."""
    if residue.is_water or residue.name.upper() in _WATERS:
        return True
    n_atoms = residue.n_atoms
    if n_atoms > 5:
        return False
    if residue.name.upper() in _BEADS_OF_WATER:
        return True
    if n_atoms < 3:
        return False
    symbols = sorted(a.element.symbol for a in residue.atoms if a.element is not None)
    return [s for s in symbols if s != "VS"] in (["H", "H", "O"], ["D", "D", "O"])


def is_ion(residue):
    """Whether a residue is a single ion: by the names of the residue and of its only atom."""
    if residue.n_atoms != 1:
        return False
    names = [_letters(residue.name), _letters(next(residue.atoms).name)]
    return names[1] in _IONS and (names[0] in _IONS or names[0] in _ANY_ION)


def _letters(name):
    return re.sub(r"[^A-Z]", "", name.upper())


def waters_and_ions(topology):
    """Atom indices of all waters and of all ions, as two sorted lists."""
    waters, ions = [], []
    for residue in topology.residues:
        if is_water(residue):
            waters += [a.index for a in residue.atoms]
        elif is_ion(residue):
            ions += [a.index for a in residue.atoms]
    return waters, ions
