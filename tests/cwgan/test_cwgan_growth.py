"""A molecule put together torsion by torsion: what each sees, and what comes of it."""

import keras
import numpy as np
import pytest

from cwgan import growth as growth_module
from cwgan.bonds import bond_graph
from cwgan.growth import MOST_SEEN, growth_of
from cwgan.heads import atom_rows
from cwgan.layers import at_rest, frozen
from cwgan.placement import plan
from cwgan.rotamer_sampler import _Body
from cwgan.rotamers import torsion_sampler
from cwgan.surroundings import SHELLS, SIZE, WIDTH, axes_of, surroundings
from cwgan.torsions import torsions_of

N, SIDES = 14, (3, 6, 9)  # atoms of the trunk, and those that carry a side chain
PLACED = ((0.12, 1.9, 2.1), (0.15, 1.9, None), (0.15, 2.0, None), (0.13, 1.9, "beside"))


def atom(a, b, c, length, angle, torsion):
    """Positions at a length from a, an angle to b and a torsion about a-b to c."""
    along, plane = a - b, b - c
    along /= np.linalg.norm(along, axis=1)[:, None]
    normal = np.cross(plane, along)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    x, y = -np.cos(angle), np.sin(angle)
    across = np.cross(normal, along)
    return a + length * (
        x * along + y * (np.cos(torsion)[:, None] * across + np.sin(torsion)[:, None] * normal)
    )


def frames(n, seed=0):
    """Chains with side chains of four atoms, of exact lengths and angles and free torsions.

    Atoms are numbered against the order in which they hang together.
    """
    rng = np.random.default_rng(seed)

    def free():
        return rng.uniform(-np.pi, np.pi, n)

    placed = [np.zeros((n, 3)), np.tile([0.15, 0, 0], (n, 1)), np.tile([0.2, 0.14, 0], (n, 1))]
    while len(placed) < N:
        placed.append(atom(*placed[:-4:-1], 0.15, 1.95, free()))
    bonds = [(i, i + 1) for i in range(N - 1)]
    for c in SIDES:
        first, start = len(placed), (placed[c], placed[c - 1], placed[c + 1])
        still = np.zeros(n)
        placed.append(atom(start[0], start[1], start[2], 0.15, 1.9, still + 2.1))
        placed.append(atom(placed[first], start[0], start[1], 0.15, 1.9, free()))
        turned = atom(placed[first + 1], placed[first], start[0], 0.15, 2.0, free())
        placed.append(turned)
        placed.append(atom(placed[first + 1], placed[first], turned, 0.13, 1.9, still + 2.0))
        bonds += [(c, first), (first, first + 1), (first + 1, first + 2), (first + 1, first + 3)]
    last = len(placed) - 1
    coords = np.stack(placed[::-1], 1).astype(np.float32)
    return coords, bond_graph(last + 1, [(last - i, last - j) for i, j in bonds], coords[0])


@pytest.fixture(scope="module")
def molecule():
    coords, graph = frames(600)
    placement = plan(graph, coords)
    torsions = torsions_of(placement, coords, 64)
    return coords, graph, torsions, growth_of(torsions, graph.steps, coords)


def test_each_torsion_follows_what_it_needs(molecule):
    _, graph, torsions, growth = molecule
    assert len(growth.turns) >= 2 * len(SIDES)
    assert sorted(growth.order.tolist()) == list(range(len(torsions)))
    assert not np.triu(growth.parents).any()
    placed = torsions.placement.trunk.tolist()
    placed += [int(a) for atoms, _ in growth.carried for a in atoms]
    for turn in growth.turns:
        assert set(turn.frame.tolist()) <= set(placed)
        assert set(turn.seen.tolist()) <= set(placed) and len(turn.seen) <= MOST_SEEN
        assert (graph.steps[turn.atom, turn.seen] > 3).all()
        placed += [turn.atom, *(int(a) for atoms, _ in turn.carried for a in atoms)]
    assert sorted(placed) == list(range(graph.n_atoms))


def test_surroundings_are_sums_over_shells():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 0.3, (6, 3, 1, 9)).astype(np.float32)
    corners = rng.normal(0, 0.1, (3, 6, 3, 1)).astype(np.float32)
    counted = rng.integers(0, 2, (1, 9))
    axes = axes_of(*corners)
    found = np.asarray(surroundings(points, corners[0], axes, counted))
    assert found.shape == (6, 1, SIZE)
    for f in range(6):
        e = np.stack([np.asarray(a)[f, :, 0] for a in axes])
        assert np.allclose(e @ e.T, np.eye(3), atol=1e-5) and np.linalg.det(e) > 0
        local = (points[f, :, 0].T - corners[0, f, :, 0]) @ e.T
        distance = np.linalg.norm(local, axis=1)
        turn = (local[:, 1] + 1j * local[:, 2]) / np.hypot(local[:, 1], local[:, 2])
        aside = np.hypot(local[:, 1], local[:, 2]) / distance
        kinds = [np.ones(9), local[:, 0] / distance, aside * turn.real, aside * turn.imag]
        kinds += [aside * (turn**2).real, aside * (turn**2).imag]
        for k, shell in enumerate(SHELLS):
            weight = counted[0] * np.exp(-(((distance - shell) / WIDTH) ** 2))
            wanted = [np.sum(weight * kind) for kind in kinds]
            assert np.allclose(found[f, 0, 6 * k : 6 * k + 6], wanted, atol=2e-3)


def test_a_drawn_torsion_sees_what_a_trained_one_saw(molecule):
    """Inside the generator, with mean lengths and angles, which these frames have exactly."""
    coords, _, torsions, growth = molecule
    angles = torsions.measured(coords[:40])
    x, given = keras.Input((1,)), keras.Input((len(torsions), 2))
    n_trunk = len(torsions.chain.moving)
    code = [given[:, i] for i in range(len(torsions))]
    body, seen = _Body(x, code[:n_trunk], growth, torsions, coords), []
    for turn, i in zip(growth.turns, growth.order[n_trunk:], strict=True):
        seen.append(body.around(turn))
        body.turn(turn, code[i][:, :1], code[i][:, 1:])
    found = keras.Model([x, given], seen)(
        [np.zeros((40, 1)), np.stack([np.cos(angles), np.sin(angles)], 2)]
    )
    rows = coords[:40].transpose(0, 2, 1)
    for turn, ours in zip(growth.turns, found, strict=True):
        corners = [rows[:, :, [a]] for a in turn.frame]
        ones = np.ones((1, len(turn.seen)))
        theirs = surroundings(rows[:, :, None, turn.seen], corners[0], axes_of(*corners), ones)
        assert np.abs(np.asarray(theirs)[:, 0] - ours.numpy()).max() < 2e-3


def test_side_chains_are_drawn_where_there_is_room(molecule, monkeypatch):
    """Learned of frames without overlaps: a density that sees atoms, and one that does not."""
    _, graph, torsions, growth = molecule
    coords, _ = frames(40_000, seed=1)
    beside = np.array([t.atom for t in growth.turns])
    far = graph.nonbonded()

    def clashes(x):
        found = np.zeros(len(x), bool)
        for a in beside:
            others = np.flatnonzero(far[a])
            away = np.linalg.norm(x[:, others] - x[:, [a]], axis=2)
            found |= away.min(1) < 0.17
        return found

    def placed(angles):
        code = keras.Input((2, len(torsions)))
        flat = keras.layers.Flatten()(code)
        still = at_rest(flat)
        rows = atom_rows(flat, coords[:500], torsions.placement, still, frozen, torsions, code)
        made = keras.Model(code, rows)(np.stack([np.cos(angles), np.sin(angles)], 1))
        return made.numpy().transpose(0, 2, 1)

    good = coords[~clashes(coords)]
    angles = torsions.measured(good)
    n_trunk, rng = len(torsions.chain.moving), np.random.default_rng(2)
    mixed = angles[:4000].copy()
    mixed[:, n_trunk:] = rng.permuted(angles[:4000, n_trunk:], axis=0)
    chance = clashes(placed(mixed)).mean()
    assert clashes(placed(angles[:1000])).mean() < 0.01  # the molecule is put together as it was
    psi, pool = np.zeros((len(good), 1), np.float32), np.arange(len(good))

    def drawn():
        network = torsion_sampler(psi, angles, good, pool, torsions, graph.steps, 1000, seed=3)
        code = network([psi[:3000], rng.normal(size=(3000, len(torsions)))]).numpy()
        return clashes(placed(np.arctan2(code[:, 1], code[:, 0]))).mean()

    sighted = drawn()
    monkeypatch.setattr(growth_module, "BESIDE", 99)  # bonds: no torsion sees anything
    blind = drawn()
    # Each share is known to .01. (Independent of all else, side chains overlap in .59.)
    assert 0.3 < blind < chance
    assert sighted < blind - 0.05
