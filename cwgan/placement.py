"""Where each atom sits: which are carried by bond vectors, which by a local frame of others.

A long chain (the trunk) is a sum of bond vectors. What hangs on it is placed level by level in
frames of three atoms already placed: rigidly, with a small fluctuation (ring atoms, carbonyl
oxygens, the first atom of a side chain), or turning about a bond. Chirality, planar groups, rings
and bond angles are then right by construction. All of it follows from the bonds and the data; no
atom needs a name.
"""

from dataclasses import dataclass

import numpy as np

from cwgan.bonds import bond_graph

RIGID = 0.03  # nm: fluctuation in a frame below which an atom belongs to it
RIGID_RING = 0.045  # nm: puckering stays below
STRAIGHT = 0.25  # least sine of the angle of a frame in the data
LONGEST_BRANCH = 8  # bonds; longer ones become part of the trunk
N_SAMPLE = 1000


@dataclass(frozen=True)
class Level:
    """Atoms placed together.

    Attributes
    ----------
    turning, rigid : ndarray (n,), int
        Atoms that turn about the axis of their frame; atoms at rest in it.
    frames : ndarray (n_turning + n_rigid, 3), int
        Origin, atom before it on the axis, third atom in the plane.
    """

    turning: np.ndarray
    rigid: np.ndarray
    frames: np.ndarray

    @property
    def atoms(self):
        """All atoms of the level, turning ones first."""
        return np.concatenate([self.turning, self.rigid])


@dataclass(frozen=True)
class Placement:
    """Order in which the atoms of a molecule are placed.

    Attributes
    ----------
    trunk : ndarray (n_trunk,), int
        Atoms placed by bond vectors.
    tree : BondGraph
        Of the trunk, its atoms numbered within it.
    levels : list of Level
    """

    trunk: np.ndarray
    tree: object
    levels: list

    def order(self):
        """Atoms in the order in which they are placed."""
        return np.concatenate([self.trunk, *(level.atoms for level in self.levels)])


def plan(graph, coords):
    """Choose trunk and frames.

    Parameters
    ----------
    graph : BondGraph
    coords : ndarray (n_frames, n_atoms, 3), **nm**
        Which frames an atom is rigid in is seen in a sample of these.

    Returns
    -------
    Placement
    """
    sample = coords[:: max(1, len(coords) // N_SAMPLE)].astype(float)
    neighbours = graph.neighbours()
    trunk = _trunk(graph, neighbours, sample)
    systems = _ring_systems(graph)
    while True:
        levels, stray = _levels(trunk, neighbours, systems, sample)
        if not stray:
            break
        trunk = trunk | stray
    atoms = np.array(sorted(trunk), int)
    number = {atom: i for i, atom in enumerate(atoms.tolist())}
    inside = [(number[a], number[b]) for a, b in graph.bonds.tolist() if {a, b} <= trunk]
    tree = bond_graph(len(atoms), np.array(inside, int).reshape(-1, 2), sample.mean(0)[atoms])
    return Placement(atoms, tree, levels)


def local_axes(origin, axis, third):
    """Orthonormal axes (..., 3, 3), as rows, of frames of three points (..., 3)."""
    first = _unit(origin - axis)
    last = _unit(np.cross(first, axis - third))
    return np.stack([first, np.cross(last, first), last], -2)


def local_coordinates(coords, atoms, frames):
    """Positions of `atoms` in their frames, (n_frames, len(atoms), 3)."""
    p, q, r = (coords[:, frames[:, k]] for k in range(3))
    return np.einsum("fakx,fax->fak", local_axes(p, q, r), coords[:, atoms] - p)


def _unit(v):
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def _trunk(graph, neighbours, sample):
    """Longest path of each part of the molecule, without its outermost atoms, and long branches."""
    in_ring = {atom for ring in graph.rings() for atom in ring}
    trunk, left = set(), set(range(graph.n_atoms))
    while left:
        part = _reached(neighbours, min(left))
        start = _farthest(graph, min(part), part)
        path = _path(graph, start, _farthest(graph, start, part))
        core = set(_trimmed(_trimmed(path, in_ring, sample)[::-1], in_ring, sample))
        while True:
            away = graph.steps[:, sorted(core)].min(1)
            far = max(part, key=lambda atom: away[atom])
            if away[far] <= LONGEST_BRANCH:
                break
            near = min(core, key=lambda atom: graph.steps[far, atom])
            core |= set(_path(graph, near, far))
        trunk |= core
        left -= part
    return trunk


def _trimmed(path, in_ring, sample):
    """The path without a ring at its end, or without three atoms there that only turn."""
    path = list(path)
    if path[-1] in in_ring:
        while len(path) > 3 and path[-1] in in_ring:
            path.pop()
        return path
    for _ in range(3):
        if len(path) > 6:
            ends = sample[:, path[-1]] - sample[:, path[-3]]
            if np.linalg.norm(ends, axis=1).std() < RIGID:
                path.pop()
    return path


def _reached(neighbours, start):
    seen, queue = {start}, [start]
    while queue:
        fresh = [b for b in neighbours[queue.pop()] if b not in seen]
        seen.update(fresh)
        queue.extend(fresh)
    return seen


def _farthest(graph, start, part):
    return max(sorted(part), key=lambda atom: graph.steps[start, atom])


def _path(graph, start, end):
    """Atoms on a shortest path."""
    path = [end]
    near = graph.neighbours()
    while path[-1] != start:
        path.append(min(near[path[-1]], key=lambda atom: graph.steps[start, atom]))
    return path[::-1]


def _ring_systems(graph):
    """Ring system of each atom in one: rings that share atoms have one number."""
    system = {}
    for k, ring in enumerate(graph.rings()):
        joined = {system[a] for a in ring if a in system}
        system.update({a: k for a in ring})
        system.update({a: k for a, old in system.items() if old in joined})
    return system


def _levels(trunk, neighbours, systems, sample):
    """Levels from the trunk outwards, and atoms for which there is no usable frame."""
    placed, levels = set(trunk), []
    left = set(range(sample.shape[1])) - placed
    while left:
        turning, rigid = {}, {}
        for atom in sorted(left):
            found = _best_frame(atom, placed, neighbours, systems, sample)
            if found is None:
                continue
            frame, still = found
            if still:
                rigid[atom] = frame
            elif frame[0] not in {f[0] for f in turning.values()}:
                # Its siblings follow in the next level, at rest relative to it.
                turning[atom] = frame
        if not turning and not rigid:
            on_edge = {a for a in left if placed.intersection(neighbours[a])}
            return levels, on_edge or left
        levels.append(
            Level(
                np.array(list(turning), int),
                np.array(list(rigid), int),
                np.array([*turning.values(), *rigid.values()], int),
            )
        )
        placed |= set(turning) | set(rigid)
        left -= placed
    return levels, set()


def _best_frame(atom, placed, neighbours, systems, sample):
    """Frame in which the atom fluctuates least, and whether it is rigid there; or None."""
    best, least = None, (2, np.inf)
    mine = systems.get(atom)
    ring = [a for a, system in systems.items() if mine is not None and system == mine]
    for origin in placed.intersection([*neighbours[atom], *ring]):
        bonded, same_ring = origin in neighbours[atom], origin in ring
        limit = RIGID_RING if same_ring else RIGID
        for frame in _frames(origin, placed, neighbours):
            p, q, r = (sample[:, k] for k in frame)
            if np.linalg.norm(np.cross(_unit(p - q), _unit(q - r)), axis=1).min() < STRAIGHT:
                continue
            local = local_coordinates(sample, np.array([atom]), np.array([frame]))[:, 0]
            spread = np.sqrt(local.var(0).sum())
            still = bool(spread < limit)
            # A frame of two atoms beside the origin fixes the hand of a centre, so it comes first.
            rank = (0 if still and bonded and frame[2] in neighbours[origin] else 1, spread)
            # A frame that is not bonded serves rigid atoms only.
            if rank < least and (bonded or still):
                best, least = (frame, still), rank
    return best


def _frames(origin, placed, neighbours):
    """Triples of placed atoms: the origin and two more, in a chain or both beside it."""
    for second in neighbours[origin]:
        if second not in placed:
            continue
        for third in [*neighbours[origin], *neighbours[second]]:
            if third in placed and third not in (origin, second):
                yield (origin, second, third)
