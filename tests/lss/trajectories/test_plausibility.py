"""Frames that do not belong to the topology are refused when data are opened; others are not."""

import re

import mdtraj as md
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lss.errors import InputError
from lss.examples import example
from lss.trajectories.one_frame import read_frame
from lss.trajectories.plausibility import check_file, known_bonds
from lss.trajectories.trajectory_set import TrajectorySet

WLALL, TRPCAGE = example("wlall"), example("trpcage")


def copy(frames, cell=None):
    found = md.Trajectory(frames.xyz.copy(), frames.topology, time=frames.time.copy())
    if cell is not None:
        found.unitcell_vectors = np.repeat(cell * np.eye(3)[None], len(frames), axis=0)
    return found


def open_frames(frames, folder, kind="xtc", top=WLALL.top):
    path = str(folder / f"a.{kind}")
    frames.save(path)
    return TrajectorySet.open(path, top, None if kind == "xtc" else 100.0)


@pytest.mark.parametrize("cell", [None, 4.0])
@pytest.mark.parametrize("kind", ["xtc", "xyz", "dcd"])
@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (10, "about ten times too large: Angstrom were taken for nm"),
        (0.1, "about ten times too small: nm were taken for Angstrom"),
        (18.897, r"about 18\.9 times as large"),  # atomic units
        (0.0529177, "times as large|far too small"),
    ],
)
def test_units(factor, says, kind, cell, whole, tmp_path):
    frames = copy(whole, cell)
    frames.xyz *= factor
    with pytest.raises(InputError, match=rf"a\.{kind}: in frame 0 the bond .*({says})"):
        open_frames(frames, tmp_path, kind)


@pytest.mark.parametrize("factor", [10, 0.1])
def test_units_of_the_topology_file(factor, whole, tmp_path):
    structure = copy(whole[0])
    structure.xyz *= factor
    structure.save(str(tmp_path / "top.gro"))
    with pytest.raises(InputError, match=r"top\.gro: in frame 0 the bond .* ten times too"):
        open_frames(copy(whole), tmp_path, top=str(tmp_path / "top.gro"))


@pytest.mark.parametrize("factor", [10, 0.1])
@pytest.mark.parametrize("kind", ["gro", "pdb"])
def test_units_of_a_file_with_its_own_topology(factor, kind, whole, tmp_path):
    for cell in (None, 4.0):
        frames = copy(whole[:3], cell)
        frames.xyz *= factor
        with pytest.raises(InputError, match=r"in frame 0 the bond .* ten times too"):
            open_frames(frames, tmp_path, kind, top=None)


@pytest.mark.parametrize("factor", [10, 0.1])
def test_units_of_a_trace(factor, tmp_path):
    trace = md.load(TRPCAGE.files[0], top=TRPCAGE.top)[:10]
    for cell in (None, 3.0):
        frames = copy(trace, cell)
        frames.xyz *= factor
        with pytest.raises(InputError, match=r"bond CA of .* ten times too"):
            open_frames(frames, tmp_path, top=TRPCAGE.top)


def write_dump(path, xyz, edge, scaled):
    """A LAMMPS dump in Angstrom of a cubic cell, or in fractions of its edge."""
    columns = "xs ys zs" if scaled else "x y z"
    with open(path, "w") as file:
        for step, frame in enumerate(xyz / edge if scaled else 10 * xyz):
            file.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(frame)}\n")
            file.write("ITEM: BOX BOUNDS pp pp pp\n" + f"0 {10 * edge}\n" * 3)
            file.write(f"ITEM: ATOMS id type {columns}\n")
            for i, (x, y, z) in enumerate(frame):
                file.write(f"{i + 1} 1 {x:.6f} {y:.6f} {z:.6f}\n")


@pytest.mark.parametrize("edge", [2.5, 4.0, 9.0])
def test_scaled_coordinates(edge, whole, tmp_path):
    wrapped = np.mod(whole.xyz[:5] + 1.7, edge)
    path = str(tmp_path / "a.lammpstrj")
    write_dump(path, wrapped, edge, scaled=True)
    with pytest.raises(InputError, match=r"a\.lammpstrj: .* scaled coordinates, .*`xs ys zs`"):
        TrajectorySet.open(path, WLALL.top, 100.0)
    write_dump(path, wrapped, edge, scaled=False)
    data = TrajectorySet.open(path, WLALL.top, 100.0)
    pairs = np.array([(i, j) for i in range(94) for j in range(i)])
    got = md.compute_distances(next(data.iterate(0)), pairs, periodic=False)
    np.testing.assert_allclose(
        got, md.compute_distances(whole[:5], pairs, periodic=False), atol=1e-4
    )


def orders(topology):
    """Atom orders in which other programs write residues, and one of none."""
    names = {
        "hydrogen last": lambda a: (a.element.symbol == "H", a.index),
        "by name": lambda a: (a.name, a.index),
        "backbone last": lambda a: (a.name in ("N", "CA", "C", "O"), a.index),
    }
    for name, key in names.items():
        found = [a.index for r in topology.residues for a in sorted(r.atoms, key=key)]
        yield name, np.array(found)
    one = np.arange(topology.n_atoms)
    beta, oxygen = (topology.select(f"resSeq 2 and name {name}")[0] for name in ("CB", "O"))
    one[[beta, oxygen]] = one[[oxygen, beta]]
    yield "two atoms", one
    yield "random", np.random.default_rng(0).permutation(topology.n_atoms)


@pytest.mark.parametrize("with_structure", [True, False])
def test_atom_orders(with_structure, whole, tmp_path):
    for _, order in orders(whole.topology):
        frames = copy(whole)
        frames.xyz = frames.xyz[:, order]
        with pytest.raises(InputError, match="the atoms are probably in another order") as caught:
            if with_structure:
                open_frames(frames, tmp_path)
            else:  # as with a topology that has no coordinates
                frames.save(str(tmp_path / "a.xtc"))
                check_file(tmp_path / "a.xtc", known_bonds(whole.topology))
        # The bond is named that is longest beside its length as it should be.
        one, two, length = re.search(
            r"the bond (\S+ of \S+ \S+) - (\S+ of \S+ \S+) is (\S+) nm", str(caught.value)
        ).groups()
        names = [f"{a.name} of {a.residue.name} {a.residue.resSeq}" for a in whole.topology.atoms]
        step = frames.xyz[0, names.index(one)] - frames.xyz[0, names.index(two)]
        assert np.linalg.norm(step) == pytest.approx(float(length), abs=5e-3)


@pytest.mark.parametrize("frame", [0, 1, 2])
@pytest.mark.parametrize("cell", [None, 4.0])
def test_a_damaged_frame(frame, cell, whole, tmp_path):
    frames = copy(whole, cell)
    frames.xyz[frame] = np.random.default_rng(1).uniform(0, 4, (94, 3))
    with pytest.raises(InputError, match=f"in frame {frame} the bond .* this one is damaged"):
        open_frames(frames, tmp_path)
    frames = copy(whole, cell)
    frames.xyz[frame, 30] += 1
    with pytest.raises(InputError, match=f"in frame {frame} the bond .*frame is damaged"):
        open_frames(frames, tmp_path)


def test_a_damaged_frame_further_on_is_named_when_it_is_read(whole, tmp_path):
    for cell in (None, 4.0):
        frames = copy(whole, cell)
        frames.xyz[20, 30] += 1
        data = open_frames(frames, tmp_path)
        for chunk in (1, 7, 1000):
            with pytest.raises(InputError, match=r"a\.xtc: in frame 20 the bond"):
                list(data.iterate(0, chunk, np.array([3, 50])))
        with pytest.raises(InputError, match="in frame 20"):
            data.read_frame(0, 20)


def test_broken_over_a_cell_that_is_missing_or_another(whole, tmp_path):
    frames = copy(whole)
    frames.xyz = np.mod(frames.xyz + np.float32(1.7), 4)
    with pytest.raises(InputError, match="broken over a periodic cell that the file lacks"):
        open_frames(frames, tmp_path)
    with pytest.raises(InputError, match=r"cell does not fit .* cell in another unit"):
        open_frames(copy(frames, 40.0), tmp_path)
    turns = Rotation.random(len(whole), random_state=0).as_matrix()
    frames.xyz = np.einsum("fij,faj->fai", turns, frames.xyz - 2).astype(np.float32)
    with pytest.raises(InputError, match="turned after imaging"):
        open_frames(copy(frames, 4.0), tmp_path)


def test_one_frame_is_checked_too(whole, tmp_path):
    frames = copy(whole)
    frames.xyz *= 10
    frames.save(str(tmp_path / "a.xtc"))
    with pytest.raises(InputError, match="Angstrom were taken for nm"):
        read_frame(str(tmp_path / "a.xtc"), WLALL.top, 3)


def test_strain_is_no_fault(whole, tmp_path):
    """Bonds up to a quarter longer or shorter than in the topology file."""
    rng, frames = np.random.default_rng(2), copy(whole)
    parents = {}
    for one, two in frames.topology.bonds:
        parents.setdefault(max(one.index, two.index), min(one.index, two.index))
    xyz = frames.xyz.copy()
    for child in sorted(parents):
        stretch = rng.uniform(0.8, 1.25, (len(frames), 1))
        step = frames.xyz[:, child] - frames.xyz[:, parents[child]]
        xyz[:, child] = xyz[:, parents[child]] + stretch * step
    open_frames(md.Trajectory(xyz, frames.topology, time=frames.time), tmp_path)


def test_heavy_atoms_traces_and_another_conformation(whole, tmp_path):
    for selection in ("element != H", "name CA", "backbone"):
        frames = copy(whole, 4.0)
        frames = frames.atom_slice(frames.topology.select(selection))
        frames[-1].save(str(tmp_path / "top.pdb"))
        data = open_frames(frames, tmp_path, top=str(tmp_path / "top.pdb"))
        np.testing.assert_allclose(next(data.iterate(0)).xyz, frames.xyz, atol=1e-3)


def test_bonds_by_name_that_are_none(whole, tmp_path):
    """Two chains that a GRO file does not tell apart: the reader bonds the end of the first."""
    both = whole.stack(copy(whole))
    both.xyz[:, 94:] += np.linspace(1.4, 6, len(whole))[:, None, None]
    single = md.Topology()
    chain = single.add_chain()
    for residue in both.topology.residues:
        new = single.add_residue(residue.name, chain, residue.resSeq)
        for atom in residue.atoms:
            single.add_atom(atom.name, atom.element, new)
    single.create_standard_bonds()
    frames = md.Trajectory(both.xyz, single, time=whole.time)
    frames[0].save(str(tmp_path / "top.gro"))
    data = open_frames(frames, tmp_path, top=str(tmp_path / "top.gro"))
    np.testing.assert_allclose(next(data.iterate(0)).xyz, frames.xyz, atol=1e-3)


@pytest.mark.parametrize("with_structure", [True, False])
def test_sites_taken_for_carbon(with_structure, tmp_path):
    """Coarse-grained models have longer bonds than the elements that their names suggest."""
    rng, topology = np.random.default_rng(3), md.Topology()
    chain = topology.add_chain("A")
    for k in range(20):
        residue = topology.add_residue("LYS", chain, k + 1)
        for name in ("BB", "SC1"):
            topology.add_atom(name, md.element.carbon, residue)
    atoms = list(topology.atoms)
    steps = rng.normal(size=(30, 40, 3))
    steps *= 0.35 / np.linalg.norm(steps, axis=-1, keepdims=True)
    xyz = np.zeros((30, 40, 3))
    for k in range(1, 40):
        parent = k - 1 if k % 2 else k - 2
        topology.add_bond(atoms[parent], atoms[k])
        xyz[:, k] = xyz[:, parent] + steps[:, k] * rng.uniform(0.9, 1.1, (30, 1))
    frames = md.Trajectory(xyz.astype(np.float32), topology, time=np.arange(30) * 100.0)
    frames.save(str(tmp_path / "a.xtc"))
    known = known_bonds(topology, frames[7] if with_structure else None)
    check_file(tmp_path / "a.xtc", known)
    frames.xyz *= 10
    frames.save(str(tmp_path / "a.xtc"))
    if with_structure:
        with pytest.raises(InputError, match="ten times too large"):
            check_file(tmp_path / "a.xtc", known)
