import mdtraj
import numpy as np
import pytest

from cwgan.superpose import mean_structure, superpose


def rotation(rng):
    q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return q * np.sign(np.linalg.det(q))


def test_superpose_equals_mdtraj():
    rng = np.random.default_rng(0)
    coords = rng.normal(size=(12, 3)) * 0.4 + rng.normal(size=(200, 12, 3)) * 0.1
    coords = np.stack([x @ rotation(rng) for x in coords])
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for _ in range(12):
        topology.add_atom("CA", mdtraj.element.carbon, topology.add_residue("ALA", chain))
    theirs = mdtraj.Trajectory(coords, topology)
    theirs.center_coordinates()
    reference = theirs[7]
    theirs.superpose(reference)
    ours = superpose(coords, reference.xyz[0])
    assert np.abs(ours - theirs.xyz).max() < 1e-5


def test_superpose_undoes_rotation_and_translation():
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(6, 3))
    coords = np.stack([reference @ rotation(rng) + rng.normal(size=3) for _ in range(50)])
    moved = superpose(coords, reference)
    assert np.abs(moved - (reference - reference.mean(0))).max() < 1e-6


def test_superpose_never_reflects():
    rng = np.random.default_rng(2)
    reference = rng.normal(size=(5, 3))
    mirrored = reference * [1, 1, -1]
    moved = superpose(mirrored[None], reference)[0]
    volume = [np.linalg.det((x - x[0])[1:4]) for x in (moved, mirrored)]
    assert volume[0] == pytest.approx(volume[1], rel=1e-4)


@pytest.mark.parametrize("n_atoms", [1, 2, 5])
def test_superpose_on_a_line(n_atoms):
    rng = np.random.default_rng(3)
    line = np.outer(np.arange(n_atoms), [0.1, 0, 0])
    coords = np.stack([line @ rotation(rng) + 5.0 for _ in range(40)])
    moved = superpose(coords, line)
    assert np.abs(moved - (line - line.mean(0))).max() < 1e-6


def test_superpose_of_coinciding_atoms_is_finite():
    moved = superpose(np.ones((3, 4, 3)), np.random.default_rng(4).normal(size=(4, 3)))
    assert np.abs(moved).max() < 1e-6


def test_superpose_leaves_its_input_alone_and_goes_by_chunks(monkeypatch):
    coords = np.random.default_rng(5).normal(size=(101, 5, 3)).astype(np.float32)
    before = coords.copy()
    whole = superpose(coords, coords[0])
    monkeypatch.setattr("cwgan.superpose.CHUNK", 10)
    assert np.array_equal(superpose(coords, coords[0]), whole)
    assert np.array_equal(coords, before)


def test_mean_structure_recovers_the_mean_of_turned_copies():
    rng = np.random.default_rng(6)
    truth = rng.normal(size=(8, 3))
    # Noise of .05 per coordinate, 400 copies: the mean is known to .05 / 20 = .0025 per
    # coordinate; .0125 is five standard errors.
    coords = np.stack([(truth + rng.normal(0, 0.05, (8, 3))) @ rotation(rng) for _ in range(400)])
    mean = mean_structure(coords)
    assert np.abs(superpose(mean[None], truth)[0] - (truth - truth.mean(0))).max() < 0.0125


def test_superpose_names_what_is_wrong():
    with pytest.raises(ValueError, match="coords is an array of shape"):
        superpose(np.zeros((2, 4, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="reference is an array of shape"):
        superpose(np.zeros((2, 4, 3)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="coords is nan in column 0, 0 of frame 1"):
        superpose(np.array([np.zeros((4, 3)), np.full((4, 3), np.nan)]), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="at least one frame"):
        mean_structure(np.zeros((0, 4, 3)))
    with pytest.raises(ValueError, match=r"coords is an array of shape \(4, 3\)"):
        mean_structure(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"n_iter is 1\.5"):
        mean_structure(np.zeros((2, 4, 3)), n_iter=1.5)
