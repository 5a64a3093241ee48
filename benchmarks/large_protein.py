"""A made-up protein, as large as asked: helices, a hinge of two states, elastic-network motion."""

import numpy as np

HELIX, LOOP = 15, 4  # residues
SPACING = 1.0  # nm between the axes of helices
BOND, BOND_SD = 0.38, 0.004  # nm between alpha carbons
CUTOFF = 1.0  # nm, of the springs
N_MODES = 40
FLUCTUATION = 0.15  # nm, root mean square, without the hinge
OPEN = np.radians(40)  # of the hinge
DWELL, SLOWEST = 300, 200  # frames: in a state of the hinge; relaxation of the softest mode
JITTER = 0.003  # nm, of each backbone atom
# Atoms of a peptide plane: along the line from one alpha carbon to the next, and across it, nm.
PLANE = {"C": (0.1425, 0.0544), "O": (0.166, 0.175), "N": (0.2389, -0.0375)}
CHUNK = 1000  # frames


def frames(n_residues, atoms, n_frames, seed=0):
    """Trajectory of the protein.

    Parameters
    ----------
    n_residues : int
    atoms : {"ca", "backbone"}
    n_frames, seed : int

    Returns
    -------
    psi : ndarray (n_frames, 3), float32
        The hinge and the amplitudes of the two softest modes.
    coords : ndarray (n_frames, n_atoms, 3), float32, **nm**
    bonds : ndarray (n_bonds, 2), int
    ca : ndarray (n_residues,), int
        The alpha carbons among the atoms.
    """
    rng = np.random.default_rng(seed)
    rest = constrained(helices(n_residues)[None], BOND, 500)[0]
    values, modes = soft_modes(rest)
    amplitudes = walks(rng, n_frames, SLOWEST * values[0] / values)
    swings = np.where(np.cumsum(rng.random(n_frames) < 1 / DWELL) % 2, OPEN, 0.0)
    swings = swings + np.radians(5) * np.abs(walks(rng, n_frames, np.array([20.0]))[:, 0])
    psi = np.stack([swings / OPEN, amplitudes[:, 0], amplitudes[:, 1]], 1).astype(np.float32)
    scale = FLUCTUATION / np.sqrt((1 / values).sum() / n_residues)
    n_atoms = n_residues * (1 if atoms == "ca" else 4)
    coords = np.empty((n_frames, n_atoms, 3), np.float32)
    for start in range(0, n_frames, CHUNK):
        rows = slice(start, start + CHUNK)
        moved = np.einsum("fk,kax->fax", amplitudes[rows] * scale / np.sqrt(values), modes)
        found = opened(rest + moved, swings[rows])
        lengths = rng.normal(BOND, BOND_SD, (len(found), n_residues - 1))
        found = constrained(found, lengths, 60)
        coords[rows] = found if atoms == "ca" else backbone(found, rng)
    if atoms == "ca":
        chain = np.arange(n_residues)
        return psi, coords, np.stack([chain[:-1], chain[1:]], 1), chain
    first = 4 * np.arange(n_residues)  # N, CA, C, O
    bonds = [(first, first + 1), (first + 1, first + 2), (first + 2, first + 3)]
    bonds.append((first[:-1] + 2, first[1:]))
    return psi, coords, np.concatenate([np.stack(b, 1) for b in bonds]), first + 1


def helices(n_residues):
    """Alpha carbons of helices side by side, up and down, joined by loops, (n_residues, 3)."""
    unit = HELIX + LOOP
    n_helices = -(-n_residues // unit)
    width = max(1, round(np.sqrt(n_helices / 2)))
    turn, rise = np.radians(100), 0.15
    found = []
    for k in range(n_helices):
        column, row = divmod(k, width)
        row = row if column % 2 == 0 else width - 1 - row
        i = np.arange(HELIX)
        z = rise * (i if k % 2 == 0 else HELIX - 1 - i)
        axis = SPACING * np.array([column, row])
        found.append(np.stack([0.23 * np.cos(turn * i), 0.23 * np.sin(turn * i), z], 1))
        found[-1][:, :2] += axis
        end = rise * HELIX + 0.3 if k % 2 == 0 else -0.45
        following = divmod(k + 1, width)
        row = following[1] if following[0] % 2 == 0 else width - 1 - following[1]
        step = SPACING * np.array([following[0], row]) - axis
        share = (np.arange(LOOP) + 1) / (LOOP + 1)
        loop = np.full((LOOP, 3), end)
        loop[:, :2] = axis + share[:, None] * step
        found.append(loop)
    return np.concatenate(found)[:n_residues]


def soft_modes(rest):
    """Eigenvalues (k,) and modes (k, n, 3) of springs between all atoms within the cutoff."""
    n = len(rest)
    hessian = np.zeros((n, 3, n, 3))
    step = rest[:, None] - rest[None]
    distance = np.linalg.norm(step, axis=-1)
    for i, j in np.argwhere(np.triu(distance < CUTOFF, 1)):
        unit = step[i, j] / distance[i, j]
        block = np.outer(unit, unit) * (20 if j == i + 1 else 1)
        hessian[i, :, j] = hessian[j, :, i] = -block
        hessian[i, :, i] += block
        hessian[j, :, j] += block
    values, vectors = np.linalg.eigh(hessian.reshape(3 * n, 3 * n))
    chosen = slice(6, 6 + N_MODES)
    return values[chosen], vectors[:, chosen].T.reshape(-1, n, 3)


def walks(rng, n_frames, times):
    """Independent processes of variance 1 with these relaxation times in frames."""
    keep = np.exp(-1 / times)
    out = rng.standard_normal((n_frames, len(times)))
    for i in range(1, n_frames):
        out[i] = keep * out[i - 1] + np.sqrt(1 - keep**2) * out[i]
    return out


def opened(coords, angles):
    """The second half of the chain turned about the hinge in the middle."""
    half = coords.shape[1] // 2
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    hinge = coords[:, half : half + 1]
    x, y, z = np.moveaxis(coords[:, half:] - hinge, 2, 0)
    side = 1 if hinge[:, 0, 2].mean() > coords[:, :, 2].mean() else -1
    turned = np.stack([c * x - side * s * z, y, side * s * x + c * z], 2) + hinge
    return np.concatenate([coords[:, :half], turned], 1)


def constrained(coords, lengths, n_sweeps):
    """Frames whose successive atoms are as far apart as asked."""
    coords = coords.copy()
    lengths = np.broadcast_to(lengths, (len(coords), coords.shape[1] - 1))
    for _ in range(n_sweeps):
        for first in (0, 1):
            step = coords[:, first + 1 :: 2] - coords[:, first:-1:2]
            length = np.linalg.norm(step, axis=-1, keepdims=True)
            half = step * (1 - lengths[:, first::2, None] / length) / 2
            coords[:, first:-1:2] += half
            coords[:, first + 1 :: 2] -= half
    return coords


def backbone(ca, rng):
    """N, CA, C and O of each residue, from its alpha carbon and those beside it."""
    before, after = 2 * ca[:, :1] - ca[:, 1:2], 2 * ca[:, -1:] - ca[:, -2:-1]
    chain = np.concatenate([before, ca, after], 1)
    along = np.diff(chain, axis=1)  # one more than residues: into and out of each
    along /= np.linalg.norm(along, axis=-1, keepdims=True)
    across = np.cross(along[:, :-1], along[:, 1:])
    across = np.concatenate([across[:, 1:2], across[:, 1:-1], across[:, -2:-1]], 1)
    across = np.concatenate([across[:, :1], across], 1)
    across -= (across * along).sum(-1, keepdims=True) * along
    across /= np.linalg.norm(across, axis=-1, keepdims=True)

    def placed(name, start, plane):
        x, y = PLANE[name]
        return start + x * along[:, plane] + y * across[:, plane]

    out_of, into = slice(1, None), slice(None, -1)
    atoms = [placed("N", chain[:, :-2], into), ca]
    atoms += [placed(name, ca, out_of) for name in ("C", "O")]
    found = np.stack(atoms, 2).reshape(len(ca), -1, 3)
    return found + rng.normal(0, JITTER, found.shape)
