import logging

import numpy as np
import pytest

from cwgan.bonds import bond_graph, guess_bonds

RING = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (2, 5)]  # five-membered, with a substituent


def test_positions_are_sums_of_bond_vectors():
    rng = np.random.default_rng(0)
    coords = rng.normal(size=(6, 3))
    graph = bond_graph(6, RING, coords)
    vectors = coords[graph.edges[:, 1]] - coords[graph.edges[:, 0]]
    assert np.allclose(graph.path_matrix() @ vectors, coords - coords.mean(0))


def test_tree_has_every_atom_once_and_bonds_only():
    graph = bond_graph(6, RING)
    assert len(graph.edges) == 5 and not graph.pseudo.any()
    assert set(map(tuple, np.sort(graph.edges, 1))) <= set(map(tuple, graph.bonds))


def test_rings_and_pairs():
    graph = bond_graph(6, RING)
    assert [sorted(ring) for ring in graph.rings()] == [[0, 1, 2, 3, 4]]
    assert len(graph.ring_pairs()) == 10
    assert len(graph.pairs(1)) == 6 and len(graph.pairs(3)) == 2
    assert graph.centres().tolist() == [[2, 1, 3, 5]]
    assert len(graph.torsions()) == 0  # the only bond outside the ring ends in one atom


def test_torsions_of_a_chain():
    assert bond_graph(5, [(0, 1), (1, 2), (2, 3), (3, 4)]).torsions().tolist() == [
        [0, 1, 2, 3],
        [1, 2, 3, 4],
    ]


def test_separate_chains_are_tied_where_they_are_close():
    coords = np.zeros((6, 3))
    coords[:3, 0] = [0, 1, 2]
    coords[3:, 0], coords[3:, 1] = [2, 3, 4], 0.5
    graph = bond_graph(6, [(0, 1), (1, 2), (3, 4), (4, 5)], coords)
    assert len(graph.edges) == 5
    assert set(graph.edges[graph.pseudo][0]) == {2, 3}
    assert (graph.steps[:3, 3:] == -1).all()
    assert len(graph.nonbonded_pairs()) == 9


def test_single_atom_and_pair():
    assert bond_graph(1, []).path_matrix().shape == (1, 0)
    graph = bond_graph(2, [(1, 0)])
    assert graph.edges.shape == (1, 2) and len(graph.torsions()) == 0


def test_missing_bonds_are_guessed_and_said(caplog):
    chain = np.outer(np.arange(7), [0.38, 0, 0])
    with caplog.at_level(logging.WARNING):
        graph = bond_graph(7, None, chain)
    assert graph.bonds.tolist() == [[i, i + 1] for i in range(6)]
    assert "guessed" in caplog.text
    assert len(guess_bonds(np.zeros((4, 3)))) == 3


@pytest.mark.parametrize(
    ("bonds", "message"),
    [
        ([(0, 6)], "bonds is of indices from 0 to 6, wanted 0 to 5"),
        ([(1, 1)], "bonds is of an atom to itself"),
        ([0, 1, 2], "pairs of atom indices"),
        ([(0.0, 1.0)], "pairs of atom indices"),
        (None, "bonds is None without a reference"),
    ],
)
def test_bad_bonds_are_refused(bonds, message):
    with pytest.raises(ValueError, match=message):
        bond_graph(6, bonds)


@pytest.mark.parametrize("bonds", [None, [(0, 1)]])
def test_a_reference_of_other_atoms_is_refused(bonds):
    with pytest.raises(ValueError, match="reference is of 3 atoms, wanted n_atoms=4"):
        bond_graph(4, bonds, np.eye(3))
    with pytest.raises(ValueError, match=r"reference is an array of shape \(12,\)"):
        guess_bonds(np.zeros(12))
