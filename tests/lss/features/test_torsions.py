"""Torsions along bonds, against mdtraj's tables where these hold, and where they do not."""

import mdtraj as md
import numpy as np
import pytest
from mdtraj.geometry import dihedral

from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer, default_features
from lss.features.left_out import name_left_out
from lss.features.specifications import resolve
from lss.molecule.connection import completed
from lss.molecule.names import template
from lss.trajectories.trajectory_set import TrajectorySet

WLALL = example("wlall")
BACKBONE = [("N", "CA"), ("CA", "C"), ("C", "O")]
ALA = [*BACKBONE, ("CA", "CB")]
CYS = [*ALA, ("CB", "SG")]
KINDS = ("phi", "psi", "omega", "chi1", "chi2", "chi3", "chi4")


def _chain(*residues):
    names = [(name, 1 + k, "A", bonds) for k, (name, bonds) in enumerate(residues)]
    return names, [((k, "C"), (k + 1, "N")) for k in range(len(residues) - 1)]


def _words(topology, specs=("torsions",)):
    return list(resolve(topology, list(specs))[0])


def test_all_amino_acids_have_the_torsions_of_mdtraj_in_its_order():
    topology = md.Topology()
    chain = topology.add_chain("A")
    names = "ACE ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL"
    for number, name in enumerate([*names.split(), "NME"]):
        residue = topology.add_residue(name, chain, number)
        atoms = [a for pair in template(name) for a in pair if a[0] not in "-+"]
        for atom in dict.fromkeys(atoms):
            topology.add_atom(atom, md.element.get_by_symbol(atom[0]), residue)
    topology.create_standard_bonds()
    want = [a for k in KINDS for a in getattr(dihedral, f"indices_{k}")(topology).tolist()]
    assert [list(a) for a in resolve(topology, ["torsions"])[0].values()] == want


def test_the_ring_of_a_peptide_has_all_backbone_torsions(molecule_of):
    residues, links = _chain(*[("ALA", ALA)] * 5)
    topology, xyz, _ = molecule_of(residues, [*links, ((4, "C"), (0, "N"))])
    words = _words(completed(topology, xyz))
    assert words == [f"{kind} ALA {i}" for kind in KINDS[:3] for i in range(1, 6)]
    torsions = resolve(completed(topology, xyz), ["phi"])[0]
    assert [str(topology.atom(i)) for i in torsions["phi ALA 1"]] == [
        "ALA5-C",
        "ALA1-N",
        "ALA1-CA",
        "ALA1-C",
    ]


def test_a_disulfide_has_three_torsions_after_the_others(molecule_of):
    residues, links = _chain(("CYS", CYS), *[("ALA", ALA)] * 3, ("CYS", CYS))
    topology, xyz, _ = molecule_of(residues, [*links, ((0, "SG"), (4, "SG"))])
    words = _words(completed(topology, xyz))
    assert words[-3:] == [
        "chi CA-CB-SG-SG CYS 1 - CYS 5",
        "chi CB-SG-SG-CB CYS 1 - CYS 5",
        "chi CA-CB-SG-SG CYS 5 - CYS 1",
    ]
    assert len(words) == 3 * 4 + 2 + 3


def test_a_lactam_and_a_staple_turn_about_their_bonds(molecule_of):
    lys = [*ALA, ("CB", "CG"), ("CG", "CD"), ("CD", "CE"), ("CE", "NZ")]
    asp = [*ALA, ("CB", "CG"), ("CG", "OD1")]
    residues, links = _chain(("LYS", lys), *[("ALA", ALA)] * 3, ("ASP", asp))
    topology, xyz, _ = molecule_of(residues, [*links, ((0, "NZ"), (4, "CG"))])
    assert _words(completed(topology, xyz))[-2:] == [
        "chi CD-CE-NZ-CG LYS 1 - ASP 5",
        "chi CE-NZ-CG-CB LYS 1 - ASP 5",
    ]
    olefin = [*ALA, ("CA", "CM"), ("CB", "CG"), ("CG", "CE")]
    residues, links = _chain(("S4X", olefin), *[("ALA", ALA)] * 3, ("S4X", olefin))
    topology, xyz, _ = molecule_of(residues, [*links, ((0, "CE"), (4, "CE"))])
    words = _words(completed(topology, xyz))
    assert "chi CG-CE-CE-CG S4X 1 - S4X 5" in words and "chi CB-CG-CE-CE S4X 1 - S4X 5" in words


def test_modified_residues_have_the_torsions_of_their_atoms(molecule_of):
    nle = [*ALA, ("CB", "CG"), ("CG", "CD"), ("CD", "CE")]
    sep = [*ALA, ("CB", "OG"), ("OG", "P"), ("P", "O1P"), ("P", "O2P"), ("P", "O3P")]
    hyp = [*ALA, ("CB", "CG"), ("CG", "CD"), ("CD", "N"), ("CG", "OD1")]
    beta = [("N", "CB"), ("CB", "CM"), ("CB", "CA"), ("CA", "C"), ("C", "O")]
    residues, links = _chain(
        ("ALA", ALA), ("NLE", nle), ("SEP", sep), ("HYP", hyp), ("DAL", ALA), ("B3A", beta),
        ("ALA", ALA),
    )  # fmt: skip
    topology, xyz, _ = molecule_of(residues, links)
    words = _words(completed(topology, xyz))
    for kind, owners in {
        "phi": ("NLE 2", "SEP 3", "HYP 4", "DAL 5", "ALA 7"),
        "psi": ("ALA 1", "NLE 2", "SEP 3", "HYP 4", "DAL 5"),
        "chi1": ("NLE 2", "SEP 3", "HYP 4"),
        "chi2": ("NLE 2", "HYP 4"),
        "chi3": ("NLE 2",),
    }.items():
        assert [w for w in words if w.startswith(kind + " ")] == [f"{kind} {o}" for o in owners]
    assert "chi CA-CB-OG-P SEP 3" in words
    # The three bonds of the main chain of a beta amino acid that phi and psi do not know.
    assert sum("B3A 6" in w and w.startswith("chi ") for w in words) == 4


def test_a_modified_residue_has_the_values_of_the_known_one(md_frames, tmp_path):
    topology = md_frames.topology.copy()
    topology.residue(1).name = "L2X"
    md.Trajectory(md_frames.xyz[0], topology).save_pdb(str(tmp_path / "a.pdb"))
    text = (tmp_path / "a.pdb").read_text().splitlines()
    plain = [line for line in text if not line.startswith("CONECT")]
    (tmp_path / "a.pdb").write_text("\n".join(plain))
    md_frames.save_xtc(str(tmp_path / "a.xtc"))
    opened = TrajectorySet.open(str(tmp_path / "a.xtc"), str(tmp_path / "a.pdb"))
    got = Featurizer(opened.topology, ["torsions"])
    want = Featurizer(md_frames.topology, ["torsions"])
    names = [name.replace("L2X", "LEU") for name in got.names]
    np.testing.assert_array_equal(
        got.compute(md_frames)[:, [names.index(n) for n in want.names]], want.compute(md_frames)
    )


@pytest.mark.parametrize("prime", ["'", "*"])
def test_nucleic_acids(molecule_of, prime):
    sugar = [("O5'", "C5'"), ("C5'", "C4'"), ("C4'", "C3'"), ("C3'", "O3'"), ("C4'", "O4'")]
    sugar += [("O4'", "C1'"), ("C1'", "C2'"), ("C2'", "C3'"), ("C1'", "N9"), ("N9", "C4")]
    sugar = [tuple(a.replace("'", prime) for a in pair) for pair in sugar]
    phosphate = [("P", f"O5{prime}"), ("P", "OP1"), ("P", "OP2"), *sugar]
    residues = [("DA", 1, "A", sugar), ("DG", 2, "A", phosphate), ("DA", 9, "A", phosphate)]
    links = [((k, f"O3{prime}"), (k + 1, "P")) for k in range(2)]
    topology, xyz, _ = molecule_of(residues, links)
    got = completed(topology, xyz)
    assert default_features(got) == ["torsions", "c1-distances"]
    torsions, distances = resolve(got, default_features(got))
    assert list(torsions) == [
        *(f"{kind} {r}" for kind in ("alpha", "beta") for r in ("DG 2", "DA 9")),
        *(f"{kind} {r}" for kind in ("gamma", "delta") for r in ("DA 1", "DG 2", "DA 9")),
        *(f"{kind} {r}" for kind in ("epsilon", "zeta") for r in ("DA 1", "DG 2")),
        *(f"chi {r}" for r in ("DA 1", "DG 2", "DA 9")),
    ]
    assert [got.atom(i).name for i in torsions["zeta DA 1"]] == [
        f"C3{prime}", f"O3{prime}", "P", f"O5{prime}",
    ]  # fmt: skip
    assert got.atom(torsions["alpha DG 2"][0]).residue.resSeq == 1
    assert len(distances) == 3
    with pytest.raises(InputError, match="it is a nucleic acid: use nucleic-torsions"):
        resolve(got, ["backbone-torsions"])


def test_ca_torsions_do_not_bridge_gaps():
    trace = md.load(example("trpcage").top)
    cut = trace.atom_slice([i for i in range(20) if i not in (9, 10, 11)])
    for number, residue in enumerate(cut.topology.residues):
        residue.resSeq = number
    words = _words(completed(cut.topology, cut.xyz[0]), ["ca-torsions"])
    assert len(words) == 6 + 5
    jump = trace.topology.copy()
    for residue in list(jump.residues)[7:]:
        residue.resSeq += 30
    assert len(_words(completed(jump, trace.xyz[0]), ["ca-torsions"])) == 17


def test_gaps_are_told(caplog):
    frame = md.load(WLALL.top)
    whole = completed(frame.topology, frame.xyz[0])
    kept = [a.index for a in whole.atoms if a.residue.index != 2]
    cut = completed(whole.subset(kept), frame.xyz[0][kept])
    words = _words(cut, ["backbone-torsions"])
    assert words == [
        "phi LEU 2",
        "phi LEU 5",
        "psi TRP 1",
        "psi LEU 4",
        "omega TRP 1",
        "omega LEU 4",
    ]
    assert "LEU 2 and LEU 4" in caplog.text


def test_a_topology_without_bonds_is_told(caplog):
    frame = md.load(WLALL.top)
    bare = md.Topology()
    chain = bare.add_chain()
    for residue in frame.topology.residues:
        new = bare.add_residue(residue.name, chain, residue.resSeq)
        for atom in residue.atoms:
            bare.add_atom(atom.name, atom.element, new)
    assert _words(bare) == _words(completed(frame.topology, frame.xyz[0]))
    assert "the topology has no bonds" in caplog.text


def test_what_takes_no_part_is_named_with_its_selection(caplog):
    topology = md.load(WLALL.top).topology
    chain = topology.add_chain("B")
    for number, (name, atoms) in enumerate(
        [("LIG", ["C1", "C2"]), ("LIG", ["C1", "C2"]), ("HOH", ["O"]), ("NA", ["NA"])]
    ):
        residue = topology.add_residue(name, chain, number)
        for atom in atoms:
            topology.add_atom(atom, md.element.carbon, residue)
    featurizer = Featurizer(topology, ["ca-distances"])
    assert name_left_out(topology, featurizer.atoms, "features", "ca-distances") == ["2 x LIG"]
    told = caplog.records[-1].getMessage()
    spec = "distances:name CA or (heavy and (resname LIG))"
    assert f"'ca-distances,{spec}'" in told
    more = Featurizer(topology, ["ca-distances", spec])
    assert name_left_out(topology, more.atoms, "features", spec) == []


def test_no_torsion_runs_through_a_metal(molecule_of):
    his = [*ALA, ("CB", "CG"), ("CG", "ND1")]
    residues, links = _chain(("HIS", his), *[("ALA", ALA)] * 3, ("HIS", his))
    topology, xyz, _ = molecule_of(residues, links)
    topology = completed(topology, xyz)
    zinc = topology.add_residue("ZN", topology.add_chain("Z"))
    zinc = topology.add_atom("ZN", md.element.zinc, zinc)
    want = resolve(topology, ["torsions"])[0]
    for atom in list(topology.atoms):
        if atom.name == "ND1":
            topology.add_bond(atom, zinc)
    assert resolve(topology, ["torsions"])[0] == want
