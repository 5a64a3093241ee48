import keras
import numpy as np
import pytest

from cwgan.bonds import bond_graph
from cwgan.diagnostics import pair_distances, stereocentres, wrong_hands
from cwgan.networks import conditioner, molecular_builder
from cwgan.placement import local_coordinates, plan

# A chain of eight with a five-membered ring on atom 3 and a branch on atom 5.
CHAIN = [(i, i + 1) for i in range(7)]
RING = [(3, 8), (8, 9), (9, 10), (10, 11), (11, 12), (12, 8)]
BRANCH = [(5, 13), (13, 14), (13, 15)]
BONDS = CHAIN + RING + BRANCH


def structure():
    """One structure with sensible bond lengths, (16, 3), **nm**."""
    x = np.zeros((16, 3))
    x[:8, 0] = 0.125 * np.arange(8)
    x[:8, 1] = 0.09 * (np.arange(8) % 2)
    angle = 2 * np.pi * np.arange(5) / 5 - np.pi / 2
    x[8:13, 0], x[8:13, 1] = x[3, 0] + 0.12 * np.cos(angle), x[3, 1] + 0.27 + 0.12 * np.sin(angle)
    x[13] = x[5] + [0.02, 0.10, 0.11]
    x[14] = x[13] + [0.05, 0.12, 0.05]
    x[15] = x[13] + [0.09, -0.03, 0.11]
    return x


def builder(psi, coords, reference, graph):
    """An untrained network without torsions given."""
    sizes = 10, 2, 32, "swish", 0
    return molecular_builder(
        conditioner(psi), coords, reference, plan(graph, coords), None, None, *sizes
    )


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    coords = structure() + rng.normal(0, 0.003, (500, 16, 3))
    return (coords - coords.mean(1, keepdims=True)).astype(np.float32)


def test_every_atom_is_placed_once_after_its_frame(data):
    placement = plan(bond_graph(16, BONDS), data)
    assert sorted(placement.order().tolist()) == list(range(16))
    done = set(placement.trunk.tolist())
    for level in placement.levels:
        assert set(level.frames.ravel().tolist()) <= done
        done |= set(level.atoms.tolist())


def test_chain_is_the_trunk_and_the_ring_is_rigid(data):
    placement = plan(bond_graph(16, BONDS), data)
    assert set(placement.trunk.tolist()) <= set(range(8))
    rigid = {a for level in placement.levels for a in level.rigid.tolist()}
    assert {9, 10, 11, 12} <= rigid


def test_chain_of_beads_is_all_trunk():
    rng = np.random.default_rng(1)
    coords = rng.normal(0, 0.38, (200, 20, 3)).cumsum(1)
    placement = plan(bond_graph(20, [(i, i + 1) for i in range(19)]), coords)
    assert len(placement.trunk) == 20 and not placement.levels


def test_local_coordinates_are_lengths_along_the_axes(data):
    local = local_coordinates(data.astype(float), np.array([2, 1, 0]), np.array([[2, 1, 0]] * 3))
    assert np.allclose(local[:, 0], 0)
    assert np.allclose(local[:, 1, 1:], 0, atol=1e-9) and (local[:, 1, 0] < 0).all()
    assert np.allclose(local[:, 2, 2], 0, atol=1e-9)


def test_fresh_head_has_the_right_geometry(data, tmp_path):
    graph = bond_graph(16, BONDS)
    psi = np.random.default_rng(2).normal(size=(500, 2)).astype(np.float32)
    model = builder(psi, data, data[0], graph)
    noise = np.random.default_rng(3).normal(size=(500, 10)).astype(np.float32)
    made = np.asarray(model([psi, noise]))
    assert np.abs(made.mean(1)).max() < 1e-6
    bonds = np.array([bond for bond in BONDS if bond not in RING])
    got, wanted = pair_distances(made, bonds), pair_distances(data, bonds)
    # An untrained network has outputs of order one, and each moves a bond by its fluctuation.
    assert np.abs(got - wanted.mean(0)).max() < 0.05
    assert not wrong_hands(made, *stereocentres(graph, data)).any()
    model.save(tmp_path / "head.keras")
    again = keras.models.load_model(tmp_path / "head.keras")
    assert np.array_equal(np.asarray(again([psi, noise])), made)


def test_bonds_that_a_constraint_holds_keep_their_lengths(monkeypatch):
    """However their angles fluctuate: by six degrees here."""
    rng = np.random.default_rng(6)
    bonds = [*CHAIN, (3, 8), (5, 9), (9, 10), (9, 11)]
    rest = structure()[[*range(9), 13, 14, 15]]
    lengths = np.array([np.linalg.norm(rest[b] - rest[a]) for a, b in bonds])
    coords = np.repeat(rest[None], 500, 0)
    for (a, b), length in zip(bonds, lengths, strict=True):
        step = rest[b] - rest[a] + rng.normal(0, 0.015, (500, 3))
        coords[:, b] = coords[:, a] + length * step / np.linalg.norm(step, axis=1)[:, None]
    coords = (coords - coords.mean(1, keepdims=True)).astype(np.float32)
    psi, noise = (rng.normal(size=(500, k)).astype(np.float32) for k in (2, 10))
    made = []
    for limit in (60_000, 0):  # positions picked by matrices, and one by one
        monkeypatch.setattr("cwgan.layers.MATRIX_LIMIT", limit)
        network = builder(psi, coords, coords[0], bond_graph(12, bonds))
        made.append(np.asarray(network([psi, noise])))
    # Exactly, but for rounding in single precision.
    assert np.abs(pair_distances(made[0], np.array(bonds)) - lengths).max() < 2e-6
    assert np.abs(made[0] - made[1]).max() < 1e-5


def test_separate_molecules():
    rng = np.random.default_rng(4)
    coords = np.concatenate([structure(), structure() + np.array([0, 0, 0.5])])
    coords = (coords + rng.normal(0, 0.003, (100, 32, 3))).astype(np.float32)
    bonds = BONDS + [(a + 16, b + 16) for a, b in BONDS]
    graph = bond_graph(32, bonds, coords[0])
    placement = plan(graph, coords)
    assert sorted(placement.order().tolist()) == list(range(32))
    assert placement.tree.pseudo.sum() == 1


def test_straight_group_has_no_frame_but_is_placed():
    rng = np.random.default_rng(5)
    line = np.zeros((12, 3))
    line[:, 0] = 0.12 * np.arange(12)
    coords = line + rng.normal(0, 1e-4, (50, 12, 3))
    bonds = [(i, i + 1) for i in range(8)] + [(4, 9), (9, 10), (10, 11)]
    placement = plan(bond_graph(12, bonds), coords)
    assert sorted(placement.order().tolist()) == list(range(12))
