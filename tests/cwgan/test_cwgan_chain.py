"""A trunk from its internal coordinates: measured and placed, against mdtraj."""

import keras
import mdtraj
import numpy as np
import pytest

from cwgan.bonds import bond_graph
from cwgan.chain import bond_angles, chain_of, chain_rows, torsions
from cwgan.layers import frozen
from cwgan.superpose import superpose

N = 12
LENGTHS, ANGLES = (0.13, 0.16), (1.0, 1.3)


@pytest.fixture(scope="module")
def chain():
    """Frames (400, 12, 3) of a chain of stiff angles and free torsions, one of them stiff."""
    rng = np.random.default_rng(0)
    coords = np.zeros((400, N, 3))
    length, angle = rng.uniform(*LENGTHS, N), rng.uniform(*ANGLES, N)
    turn = rng.uniform(-np.pi, np.pi, (400, N))
    turn[:, 6] = np.pi + rng.normal(0, 0.1, 400)
    for f in range(400):
        axes = np.eye(3)  # columns
        for k in range(1, N):
            a, t = angle[k] + rng.normal(0, 0.03), turn[f, k]
            local = [
                [np.cos(a), -np.sin(a), 0],
                [np.sin(a) * np.cos(t), np.cos(a) * np.cos(t), -np.sin(t)],
                [np.sin(a) * np.sin(t), np.cos(a) * np.sin(t), np.cos(t)],
            ]
            axes = axes @ np.array(local)
            coords[f, k] = coords[f, k - 1] + length[k] * axes[:, 0]
    return coords


def tree():
    return bond_graph(N, [(i, i + 1) for i in range(N - 1)])


def test_angles_and_torsions_are_those_of_mdtraj(chain):
    found = chain_of(tree(), chain)
    order = [found.edges[0, 0], *found.edges[:, 1]]
    traj = mdtraj.Trajectory(chain[:, order], None)
    three = [[i, i + 1, i + 2] for i in range(N - 2)]
    wanted = np.pi - mdtraj.compute_angles(traj, three, periodic=False)
    assert np.abs(bond_angles(found, chain) - wanted).max() < 1e-3
    four = [[i, i + 1, i + 2, i + 3] for i in range(N - 3)]
    apart = torsions(found, chain)[:, 2:] - mdtraj.compute_dihedrals(traj, four, periodic=False)
    assert np.abs(np.angle(np.exp(1j * apart))).max() < 1e-3
    assert len(found.moving) == N - 4 and len(found.stiff) == 1


@pytest.mark.parametrize("branch", [False, True])
def test_atoms_are_where_their_internal_coordinates_say(chain, branch):
    """Lengths and angles at their means, which these frames have exactly, and torsions given."""
    graph, coords = tree(), chain
    if branch:  # one more atom on the sixth, at rest beside the chain
        frame = coords[:, 6] - coords[:, 5], coords[:, 5] - coords[:, 4]
        normal = np.cross(*frame)
        normal /= np.linalg.norm(normal, axis=1)[:, None]
        coords = np.concatenate([coords, (coords[:, 5] + 0.12 * normal)[:, None]], 1)
        graph = bond_graph(N + 1, [*graph.bonds.tolist(), (5, N)])
    found = chain_of(graph, coords)
    coords, frame = coords[:1], coords[0]
    angles = torsions(found, coords)[:, found.moving]
    code = keras.Input((2, len(found.moving)))
    x = keras.Input((1,))

    def dense(units, name):  # always zero: every quantity at its mean
        return keras.layers.Dense(units, kernel_initializer="zeros", name=name)

    model = keras.Model([x, code], chain_rows(x, code, coords, found, dense, frozen))
    made = model([np.zeros((1, 1)), np.stack([np.cos(angles), np.sin(angles)], 1)])
    made = superpose(np.transpose(made, (0, 2, 1)), frame)
    assert np.abs(made[0] - (frame - frame.mean(0))).max() < 2e-6


def test_where_torsions_do_not_tell_the_shape_there_is_no_chain(chain):
    rng = np.random.default_rng(1)
    beads = rng.normal(0, 0.38, (200, N, 3)).cumsum(1)  # their angles are anything
    assert chain_of(tree(), beads) is None
    line = np.arange(N)[None, :, None] * [0.15, 0, 0] + rng.normal(0, 1e-3, (50, N, 3))
    assert chain_of(tree(), line) is None
    two = bond_graph(N, [(i, i + 1) for i in range(N - 1) if i != 5], chain[0])
    assert chain_of(two, chain) is None


def test_beads_are_placed_as_without_torsions(chain):
    """Twice as far apart they are no bonded atoms any more."""
    assert chain_of(tree(), chain) is not None
    assert chain_of(tree(), 2 * chain) is None
