"""Molecules broken over periodic cells, one and several, against the whole ones they were."""

import logging
from itertools import pairwise

import mdtraj as md
import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer
from lss.molecule.nearest import CONTACT, MARGIN
from lss.trajectories.trajectory_set import TrajectorySet

N_FRAMES = 40
CELLS = {
    "cubic": np.diag([4.5, 4.5, 4.5]),
    "octahedral": 4.5
    * np.array([[1, 0, 0], [1 / 3, 8**0.5 / 3, 0], [-1 / 3, 2**0.5 / 3, 6**0.5 / 3]]),
    "triclinic": 4.5 * np.array([[1, 0, 0], [0.3, 0.9, 0], [-0.4, 0.35, 0.95]]),
    # The lattice of the one before, by edges that are longer than they need be.
    "not reduced": 4.5 * np.array([[1, 0, 0], [1.3, 0.9, 0], [-1.1, 1.25, 0.95]]),
}
SPECS = ["torsions", "ca-distances"]


@pytest.fixture(scope="module")
def peptides():
    """Conformations of the pentapeptide far apart in time."""
    data = example("wlall")
    return md.load(data.files[0], top=data.top, stride=20)


def assembly(peptides, n_molecules, turning, seed=0, apart=1.3):
    """Molecules beside each other, each frame of other conformations: topology, xyz in nm."""
    rng = np.random.default_rng(seed)
    topology = peptides.topology
    for _ in range(n_molecules - 1):
        topology = topology.join(peptides.topology)
    places = apart * np.array([[0, 0, 0], [1, 0, 0], [0.5, 0.8, 0.3]])
    xyz = []
    for m in range(n_molecules):
        part = peptides.xyz[70 * m : 70 * m + N_FRAMES].astype(np.float64)
        xyz.append(part - part.mean(axis=1, keepdims=True) + places[m])
    xyz = np.concatenate(xyz, axis=1)
    if turning:
        turns = Rotation.random(N_FRAMES, random_state=seed).as_matrix()
        xyz = np.einsum("fij,faj->fai", turns, xyz)
    return topology, xyz + rng.normal(size=(N_FRAMES, 1, 3)).cumsum(axis=0)


def trajectory(topology, xyz, cell=None):
    found = md.Trajectory(xyz.astype(np.float32), topology, time=100.0 * np.arange(len(xyz)))
    if cell is not None:
        found.unitcell_vectors = np.repeat(cell[None].astype(np.float32), len(xyz), axis=0)
    return found


def wrapped(xyz, cell):
    """Every atom for itself brought into the cell."""
    return (xyz @ np.linalg.inv(cell) % 1) @ cell


def by_molecule(xyz, cell, n_molecules):
    """Every molecule brought into the cell by its centre."""
    parts = np.split(xyz, n_molecules, axis=1)
    corners = [np.floor(p.mean(1) @ np.linalg.inv(cell)) @ cell for p in parts]
    return np.concatenate([p - c[:, None] for p, c in zip(parts, corners, strict=True)], axis=1)


def write(folder, topology, frames, reference, cell, reference_cell=None):
    trajectory(topology, frames, cell).save(str(folder / "a.xtc"))
    trajectory(topology, reference, reference_cell).save(str(folder / "a.pdb"))
    return TrajectorySet.open(str(folder / "a.xtc"), str(folder / "a.pdb"))


def featurise(data, featurizer, chunk):
    parts = data.iterate(0, chunk, featurizer.atoms)
    return np.concatenate([featurizer.compute(part, selected=True) for part in parts])


def expected(featurizer, topology, xyz):
    """Features of the whole molecules, by mdtraj and NumPy."""
    angles = md.compute_dihedrals(trajectory(topology, xyz), featurizer._torsions, periodic=False)
    pairs = featurizer._distances
    distances = np.linalg.norm(xyz[:, pairs[:, 0]] - xyz[:, pairs[:, 1]], axis=-1)
    return np.cos(angles), np.sin(angles), distances


def check(values, featurizer, topology, xyz):
    """Equal but for coordinates that an XTC file rounds to 0.001 nm."""
    cosines, sines, distances = expected(featurizer, topology, xyz)
    n = 2 * cosines.shape[1]
    np.testing.assert_allclose(values[:, n:], distances, atol=2e-3)  # twice sqrt(3) half units
    # The lever of a torsion of heavy atoms is at least 0.1 nm, and four atoms are rounded.
    np.testing.assert_allclose(values[:, 0:n:2], cosines, atol=0.03)
    np.testing.assert_allclose(values[:, 1:n:2], sines, atol=0.03)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("n_molecules", [1, 2, 3])
@pytest.mark.parametrize("turning", [False, True])
def test_features_do_not_depend_on_the_wrapping(kind, n_molecules, turning, peptides, tmp_path):
    cell = CELLS[kind]
    topology, xyz = assembly(peptides, n_molecules, turning)
    for frames in (wrapped(xyz, cell), by_molecule(xyz, cell, n_molecules), xyz):
        data = write(tmp_path, topology, frames, frames[:1], cell, cell)
        featurizer = Featurizer(data.topology, SPECS)
        values = featurise(data, featurizer, 1000)
        check(values, featurizer, topology, xyz)
        np.testing.assert_array_equal(featurise(data, featurizer, 7), values)
    np.testing.assert_array_equal(featurise(data, featurizer, 1), values)
    # A user's own frames, and single ones.
    frames = trajectory(data.topology, wrapped(xyz, cell), cell)
    check(featurizer.compute(frames), featurizer, topology, xyz)
    alone = featurizer.compute(data.read_frame(0, N_FRAMES - 1))
    np.testing.assert_allclose(alone, values[-1:], atol=1e-4)


def test_molecules_that_touch_in_several_images_stay_with_the_frame_before(peptides, tmp_path):
    """Three in a row in a cell in which the last also touches an image of the first."""
    cell = np.diag([4.0, 6.0, 6.0])
    rng = np.random.default_rng(2)
    parts = [peptides.xyz[20 * m : 20 * m + N_FRAMES].astype(np.float64) for m in range(3)]
    parts = [p - p.mean(1, keepdims=True) + [1.35 * m, 0, 0] for m, p in enumerate(parts)]
    xyz = np.concatenate(parts, axis=1) + rng.normal(size=(N_FRAMES, 1, 3)).cumsum(axis=0)
    topology = peptides.topology.join(peptides.topology).join(peptides.topology)
    data = write(tmp_path, topology, wrapped(xyz, cell), xyz[:1], cell)
    featurizer = Featurizer(data.topology, SPECS)
    check(featurise(data, featurizer, 11), featurizer, topology, xyz)


def test_a_ligand_is_where_it_is_nearest(peptides, tmp_path):
    """One molecule wanders through the cell around another, and out of it."""
    rng = np.random.default_rng(3)
    cell = CELLS["cubic"]
    topology, xyz = assembly(peptides, 2, False)
    xyz[:, 94:] += np.cumsum(rng.normal(scale=0.4, size=(N_FRAMES, 1, 3)), axis=0)
    data = write(tmp_path, topology, wrapped(xyz, cell), xyz[:1], cell)
    heavy = [a.index for a in topology.atoms if a.element.symbol != "H"]
    one, two = [i for i in heavy if i < 94], [i for i in heavy if i >= 94]
    grid = np.stack(np.meshgrid(*[np.arange(-3, 4)] * 3), axis=-1).reshape(-1, 3) @ cell
    got = np.concatenate([part.xyz for part in data.iterate(0, 9)])
    for frame, here in zip(xyz, got, strict=True):
        images = frame[two] + grid[:, None]
        nearest = cKDTree(frame[one]).query(images)[0].min()
        mine = cKDTree(here[one]).query(here[two])[0].min()
        assert max(mine, CONTACT) <= max(nearest, CONTACT) + MARGIN + 4e-3


def test_frames_turned_after_imaging(peptides, tmp_path, caplog):
    """Whole: left as they are, with a warning. Broken: refused, with the bond."""
    cell = CELLS["cubic"]
    topology, xyz = assembly(peptides, 2, True)
    fitted = trajectory(topology, xyz)
    fitted.superpose(fitted[0])
    data = write(tmp_path, topology, fitted.xyz, fitted.xyz[:1], cell)
    featurizer = Featurizer(data.topology, SPECS)
    with caplog.at_level(logging.WARNING):
        check(featurise(data, featurizer, 1000), featurizer, topology, fitted.xyz)
    assert caplog.text.count("superposed after they were imaged") == 1
    turns = Rotation.random(N_FRAMES, random_state=5).as_matrix()
    broken = xyz.copy()
    broken[20:] = np.einsum("fij,faj->fai", turns[20:], wrapped(xyz[20:], cell))
    data = write(tmp_path, topology, broken, xyz[:1], cell)
    with pytest.raises(InputError, match=r"a\.xtc: in frame 2\d the bond .* cell does not fit"):
        featurise(data, featurizer, 1000)


def test_rigid_molecules_that_never_turn_are_told(peptides, tmp_path, caplog):
    """Superposed or held: nothing in the frames tells which."""
    cell = CELLS["cubic"]
    topology, xyz = assembly(peptides, 2, False)
    moving = xyz[:1] + np.cumsum(np.full((N_FRAMES, 1, 3), 0.2), axis=0)
    whole_cell = by_molecule(moving, cell, 2)
    data = write(tmp_path, topology, whole_cell, moving[:1], cell)
    featurizer = Featurizer(data.topology, SPECS)
    with caplog.at_level(logging.WARNING):
        check(featurise(data, featurizer, 1000), featurizer, topology, moving)
    assert caplog.text.count("turned the same way in all frames") == 1


@pytest.mark.parametrize("kind", CELLS)
def test_many_molecules(kind, peptides):
    """Twelve in a row along a diagonal of a large cell, one in contact with the next."""
    rng, cell, n = np.random.default_rng(7), 4 * CELLS[kind], 12
    parts = [peptides.xyz[9 * m : 9 * m + 5].astype(np.float64) for m in range(n)]
    along = np.array([0.8, 0.7, 0.6])
    xyz = np.concatenate(
        [p - p.mean(1, keepdims=True) + m * along for m, p in enumerate(parts)], axis=1
    )
    topology = peptides.topology
    for _ in range(n - 1):
        topology = topology.join(peptides.topology)
    xyz += rng.uniform(0, 20, (5, 1, 3))
    featurizer = Featurizer(topology, ["ca-distances"])
    frames = trajectory(topology, wrapped(xyz, cell), cell)
    check(featurizer.compute(frames), featurizer, topology, xyz)


def test_frames_without_a_cell_among_others(peptides, tmp_path):
    """Whatever comes in one chunk with a frame, it is treated by its own cell."""
    cell = CELLS["cubic"]
    topology, xyz = assembly(peptides, 2, True)
    frames = trajectory(topology, wrapped(xyz, cell), cell)
    for i in (0, 7):
        frames.unitcell_lengths[i] = 0
        frames.xyz[i] = xyz[i]
    featurizer = Featurizer(topology, SPECS)
    check(featurizer.compute(frames), featurizer, topology, xyz)


def test_water_and_ions_stay_where_they_are_but_whole(peptides, tmp_path):
    rng, cell = np.random.default_rng(4), CELLS["cubic"]
    topology, xyz = assembly(peptides, 1, True)
    topology = topology.copy()
    chain = topology.add_chain("W")
    for k in range(30):
        residue = topology.add_residue("HOH", chain, k + 1)
        oxygen = topology.add_atom("O", md.element.oxygen, residue)
        for name in ("H1", "H2"):
            topology.add_bond(oxygen, topology.add_atom(name, md.element.hydrogen, residue))
    topology.add_atom("NA", md.element.sodium, topology.add_residue("NA", chain, 31))
    shape = np.array([[0, 0, 0], [0.0957, 0, 0], [-0.024, 0.0927, 0]])
    water = (rng.uniform(0, 4.5, (N_FRAMES, 30, 1, 3)) + shape).reshape(N_FRAMES, 90, 3)
    everything = np.concatenate([xyz, water, rng.uniform(0, 4.5, (N_FRAMES, 1, 3))], axis=1)
    raw = wrapped(everything, cell)
    data = write(tmp_path, topology, raw, raw[:1], cell, cell)
    got = np.concatenate([part.xyz for part in data.iterate(0, 9)])
    molecules = got[:, 94:-1].reshape(N_FRAMES, 30, 3, 3)
    assert np.linalg.norm(molecules[:, :, 1:] - molecules[:, :, :1], axis=-1).max() < 0.1
    np.testing.assert_allclose(molecules[:, :, 0], raw[:, 94:-1:3], atol=1e-3)
    np.testing.assert_allclose(got[:, -1], raw[:, -1], atol=1e-3)
    # A chosen ion goes to where it is nearest to the molecule.
    featurizer = Featurizer(data.topology, ["distances:name NA or (name CA and resSeq 3)"])
    near = got[:, :94] - got[:, -1:]
    near -= np.round(near / 4.5) * 4.5
    heavy = [a.index for a in data.topology.atoms if a.index < 94 and a.element.symbol != "H"]
    closest = np.argmin(np.linalg.norm(near[:, heavy], axis=-1), axis=1)
    atom = np.array(heavy)[closest]
    ca = next(a.index for a in data.topology.atoms if a.name == "CA" and a.residue.resSeq == 3)
    frames = np.arange(N_FRAMES)
    want = near[frames, atom] + got[:, ca] - got[frames, atom]
    values = featurise(data, featurizer, 1000)
    column = next(i for i, n in enumerate(featurizer.names) if "CA ALA 3" in n)
    far = np.linalg.norm(want, axis=-1)
    # Where two images are equally near, either may be taken.
    margin = np.sort(_image_distances(got[:, heavy], got[:, -1], cell), axis=1)
    clear = np.maximum(margin[:, 1], CONTACT) - np.maximum(margin[:, 0], CONTACT) > MARGIN
    assert clear.sum() > 10
    np.testing.assert_allclose(values[clear, column], far[clear], atol=4e-3)


def _image_distances(xyz, points, cell):
    grid = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3), axis=-1).reshape(-1, 3) @ cell
    images = points[:, None] + grid
    return np.linalg.norm(images[:, :, None] - xyz[:, None], axis=-1).min(axis=2)


@pytest.mark.parametrize("with_bonds", [True, False])
def test_a_chain_of_beads(with_bonds, tmp_path):
    """With bonds it is made whole; without, refused where it is broken, and read where whole."""
    rng, cell = np.random.default_rng(6), np.diag([5.0, 5.0, 5.0])
    topology = md.Topology()
    chain = topology.add_chain("A")
    for k in range(30):
        topology.add_atom("BB", None, topology.add_residue("XXX", chain, k + 1))
    atoms = list(topology.atoms)
    if with_bonds:
        for one, two in pairwise(atoms):
            topology.add_bond(one, two)
    steps = rng.normal(size=(N_FRAMES, 29, 3))
    steps *= 0.35 / np.linalg.norm(steps, axis=-1, keepdims=True)
    xyz = np.concatenate([np.zeros((N_FRAMES, 1, 3)), steps.cumsum(axis=1)], axis=1)
    xyz += rng.uniform(0, 5, (N_FRAMES, 1, 3))
    featurizer = Featurizer(topology, ["distances:name BB"])
    pairs = featurizer._distances
    want = np.linalg.norm(xyz[:, pairs[:, 0]] - xyz[:, pairs[:, 1]], axis=-1)
    values = featurizer.compute(trajectory(topology, xyz, cell))
    np.testing.assert_allclose(values, want, atol=1e-4)
    broken = trajectory(topology, wrapped(xyz, cell), cell)
    if with_bonds:
        np.testing.assert_allclose(featurizer.compute(broken), want, atol=1e-4)
    else:
        with pytest.raises(InputError, match="no bonds along which to make the molecule whole"):
            featurizer.compute(broken)
