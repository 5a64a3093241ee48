"""What programs call the same residue and the same atom."""

import functools
import re

import mdtraj as md
from mdtraj.formats.pdb.pdbfile import PDBTrajectoryFile

#: Other names of residues, beyond those that mdtraj knows: states of charge, caps.
_RESIDUES = {"ASH": "ASP", "ASPP": "ASP", "ASPH": "ASP", "GLH": "GLU", "GLUP": "GLU", "GLUH": "GLU"}
_RESIDUES |= {"LYN": "LYS", "LSN": "LYS", "LYSH": "LYS", "LYP": "LYS", "ARN": "ARG", "ARGN": "ARG"}
_RESIDUES |= {"CYX": "CYS", "CYM": "CYS", "CYS2": "CYS", "CYSH": "CYS", "CYN": "CYS", "CYP": "CYS"}
_RESIDUES |= {"HISA": "HIS", "HISB": "HIS", "HISH": "HIS", "HISD": "HIS", "HISE": "HIS"}
_RESIDUES |= {"HIS1": "HIS", "HIS2": "HIS", "HISP": "HIS", "HSD": "HIS", "HSE": "HIS", "HSP": "HIS"}
_RESIDUES |= {"HIE": "HIS", "HID": "HIS", "HIP": "HIS", "TYM": "TYR", "HYP": "HYP", "TRPH": "TRP"}
_RESIDUES |= {"NMA": "NME", "NAC": "NME", "CT3": "NME", "NHE": "NH2", "CT2": "NH2", "MSE": "MSE"}
_RESIDUES |= {"ADE": "A", "GUA": "G", "CYT": "C", "URA": "U", "THY": "T", "SOL": "HOH"}
_RESIDUES |= {"WAT": "HOH", "TIP3": "HOH", "TIP3P": "HOH", "TIP4": "HOH", "SPC": "HOH"}
#: A nucleotide with or without marks of the sugar (D, R) and of the end of a strand (5, 3, N).
_NUCLEOTIDE = re.compile(r"[DR]?([ACGTUI])[53NP]?")
#: Atoms of caps: the carbon of the methyl has three names.
_CAPS = {"NME": {"CH3": "C", "CAT": "C"}, "ACE": {"CA": "CH3", "CAY": "CH3", "CY": "C", "OY": "O"}}
#: Atoms that end a protein chain.
_ENDS = {"OT1": "O", "OC1": "O", "O1": "O", "OT2": "OXT", "OC2": "OXT", "O2": "OXT", "OT": "OXT"}
_ENDS |= {"HT1": "H", "HN": "H", "HN1": "H", "H1": "H", "HT2": "H2", "HN2": "H2", "HT3": "H3"}
_ENDS |= {"HN3": "H3", "HC": "HXT", "HO": "HXT"}


@functools.cache
def _tables():
    PDBTrajectoryFile._loadNameReplacementTables()
    return PDBTrajectoryFile._residueNameReplacements, PDBTrajectoryFile._atomNameReplacements


@functools.cache
def template(name):
    """Bonds of a residue that mdtraj knows, as pairs of atom names; None of any other.

    Names begin with ``-`` where the atom is of the residue before.
    """
    if not md.Topology._standardBonds:
        md.Topology().create_standard_bonds()
    bonds = md.Topology._standardBonds.get(name)
    return tuple(bonds) if bonds else None


@functools.cache
def residue_name(name):
    """One name for all names of a residue: HID, HIE and HIP are HIS, DA5 and DA are A."""
    name = name.strip().upper()
    name = _RESIDUES.get(name, name)
    if len(name) == 4 and name[0] in "NC" and _RESIDUES.get(name[1:], name[1:]) in _amino_acids():
        name = _RESIDUES.get(name[1:], name[1:])  # AMBER's ends of chains: NALA, CHIE
    nucleotide = _NUCLEOTIDE.fullmatch(name)
    if nucleotide:
        return nucleotide[1]
    known = _tables()[0].get(name, name)
    nucleotide = _NUCLEOTIDE.fullmatch(known)
    return nucleotide[1] if nucleotide else known


@functools.cache
def _amino_acids():
    twenty = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL"
    return frozenset(twenty.split())


def is_standard_amino_acid(name):
    """Whether a name means one of the twenty amino acids in any state of charge."""
    return residue_name(name) in _amino_acids()


@functools.cache
def atom_name(residue, name):
    """One name for all names of an atom, in a residue called as :func:`residue_name` says."""
    name = name.strip().upper().replace("*", "'")
    replacements = _tables()[1]
    if residue in _CAPS:
        return _CAPS[residue].get(name, name)
    if len(residue) == 1:  # a nucleotide: the tables know it as DNA or RNA
        name = replacements.get("D" + residue, {}).get(name, name)
        return replacements.get(residue, {}).get(name, name)
    if residue not in replacements:
        # An amino acid that mdtraj does not know ends in the same way as any other.
        name = re.sub(r"^(\d+)(H\w*)$", r"\2\1", name)
        return _ENDS.get(name, name)
    return replacements[residue].get(name, name)


def quoted(name):
    """A name as it stands in a selection: signs of charges are no part of a word there."""
    return name if name.isalnum() else f"'{name}'"
