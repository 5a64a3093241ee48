import numpy as np
import tensorflow as tf

from cwgan import features
from cwgan.bonds import bond_graph


def chain(n_frames, n_atoms, seed=0):
    steps = np.random.default_rng(seed).normal(0, 0.1, (n_frames, n_atoms, 3))
    return steps.cumsum(1).astype(np.float32)


def test_distances_and_volumes_against_numpy():
    coords = chain(7, 6)
    pairs, quads = np.array([[0, 5], [2, 3]]), np.array([[0, 1, 2, 3], [5, 2, 1, 4]])
    d = np.linalg.norm(coords[:, pairs[:, 0]] - coords[:, pairs[:, 1]], axis=-1)
    assert np.allclose(features.distances(tf.constant(coords), pairs), d, atol=1e-5)
    v = [[np.linalg.det(x[q[1:]] - x[q[0]]) for q in quads] for x in coords]
    assert np.allclose(features.volumes(tf.constant(coords), quads), v, atol=1e-7)


def test_large_molecules_gather_and_agree(monkeypatch):
    coords, pairs = tf.constant(chain(5, 9)), np.array([[0, 8], [3, 1], [2, 2]])
    dense = features.differences(coords, pairs).numpy()
    picked = np.array([2, 0, 2])
    flat = tf.reshape(coords, (5, 27))
    assert np.array_equal(features.columns(flat, picked), flat.numpy()[:, picked])
    monkeypatch.setattr(features, "DENSE_LIMIT", 0)
    monkeypatch.setattr(features, "COLUMNS_LIMIT", 0)
    assert np.allclose(features.differences(coords, pairs), dense, atol=1e-6)
    assert np.array_equal(features.columns(flat, picked), flat.numpy()[:, picked])


def test_gradient_is_finite_where_atoms_coincide():
    coords = tf.zeros((2, 4, 3))
    with tf.GradientTape() as tape:
        tape.watch(coords)
        d = features.distances(coords, np.array([[0, 1], [2, 3]]))
    assert np.isfinite(tape.gradient(d, coords)).all()


def test_features_are_standardised_and_bounded_in_number():
    n = 60
    coords = chain(400, n)
    graph = bond_graph(n, [(i, i + 1) for i in range(n - 1)])
    seen = features.StructureFeatures(graph, coords)
    assert len(seen.pairs) <= 4 * n + 300 and len(seen.close) <= 300
    values = seen(tf.constant(coords)).numpy()
    assert values.shape == (400, seen.size)
    assert np.abs(values.mean(0)).max() < 1e-2 and values.std(0).max() < 1.01
    assert {tuple(p) for p in graph.pairs(2)} <= {tuple(p) for p in seen.pairs}


def test_all_pairs_of_a_small_molecule():
    assert len(features.choose_pairs(None, chain(3, 20))) == 190
    assert features.choose_pairs(None, chain(3, 1)).shape == (0, 2)


def test_closest_pairs_are_the_closest():
    coords = np.zeros((10, 5, 3), np.float32)
    coords[:, :, 0] = [0, 1, 3, 6, 10]
    every = np.stack(np.triu_indices(5, 1), 1)
    assert features.closest_pairs(every, coords, 2).tolist() == [[0, 1], [1, 2]]
