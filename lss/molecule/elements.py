"""Elements that readers guess wrongly from the names of atoms."""

import mdtraj as md

#: What a reader makes of names like HG, CD, ND and PA in a file without elements.
_MISREAD = {"Hg", "He", "Hf", "Ho", "Hs", "Ca", "Cd", "Ce", "Cs", "Cm", "Cf", "Na", "Nb", "Nd"}
_MISREAD |= {"Ne", "Np", "No", "Os", "Pa", "Pb", "Po", "Pr", "Sb", "Sc", "Sg", "Sm", "Sn", "Sr"}


def element_of(atom):
    """Return the element of an atom: in a molecule HG is hydrogen, CD carbon, ND nitrogen.

    Parameters
    ----------
    atom : mdtraj.core.topology.Atom

    Returns
    -------
    mdtraj.element or None
        That of the topology, or what the first letter of the name says where the topology has a
        metal or noble gas in a residue of more than two atoms.
    """
    element = atom.element
    if element is None or element.symbol not in _MISREAD or atom.residue.n_atoms < 3:
        return element
    letter = atom.name.lstrip("0123456789")[:1].upper()
    return md.element.get_by_symbol(letter) if letter in set("HCNOPS") else element
