"""Short pieces of long trajectories, and of a chain: where they start is chosen."""

import numpy as np

ALPHA_STARTS = 0.1  # share of the starts in alpha_R
CLUSTERS = 60  # over which the starts of the pentapeptide are spread

CHAIN = np.array(
    [[0.98, 0.02, 0, 0], [0.01, 0.94, 0.05, 0], [0, 0.05, 0.945, 0.005], [0, 0, 0.002, 0.998]]
)


class Alanine:
    """Features, and whether a frame is in alpha_R, of all trajectories in a folder."""

    def __init__(self, folder):
        import mdtraj as md

        self.features, self.alpha = [], []
        for path in sorted(folder.glob("*.dcd")):
            traj = md.load(path, top=folder / "ala2.pdb")
            phi, psi = (f(traj, periodic=False)[1] for f in (md.compute_phi, md.compute_psi))
            angles = np.hstack([phi, psi])
            self.features.append(np.hstack([np.sin(angles), np.cos(angles)]).astype(np.float32))
            phi, psi = np.degrees(angles).T
            self.alpha.append((phi < 0) & (psi > -100) & (psi < 50))
        self.truth = np.concatenate(self.alpha).mean()

    def pieces(self, n, length, seed, alpha_starts=ALPHA_STARTS):
        """Pieces with a share of starts in alpha_R, the share in the data where it is None."""
        rng = np.random.default_rng(seed)
        starts = np.array(
            [(i, t) for i, x in enumerate(self.alpha) for t in range(len(x) - length + 1)]
        )
        if alpha_starts is None:
            chosen = rng.choice(len(starts), n, replace=False)
        else:
            inside = np.array([self.alpha[i][t] for i, t in starts])
            counts = round(alpha_starts * n), n - round(alpha_starts * n)
            chosen = np.concatenate(
                [
                    rng.choice(np.flatnonzero(where), count, replace=False)
                    for where, count in zip((inside, ~inside), counts, strict=True)
                ]
            )
        cut = [(i, slice(t, t + length)) for i, t in starts[chosen]]
        return [self.features[i][s] for i, s in cut], [self.alpha[i][s] for i, s in cut]


def even_starts(features, psi, n, length, seed):
    """Pieces whose starts are spread evenly over clusters of psi."""
    from scipy.cluster.vq import kmeans2, vq

    rng = np.random.default_rng(seed)
    starts = np.array(
        [(i, t) for i, x in enumerate(features) for t in range(0, len(x) - length + 1)]
    )
    points = np.concatenate([p[: len(p) - length + 1] for p in psi]).astype(np.float64)
    some = points[rng.choice(len(points), 20_000, replace=False)]
    centres, _ = kmeans2(some, CLUSTERS, minit="++", rng=rng)
    label, _ = vq(points, centres)
    members = [np.flatnonzero(label == k) for k in range(CLUSTERS)]
    members = [m for m in members if len(m)]
    chosen = [rng.choice(members[i % len(members)]) for i in range(n)]
    return [features[i][t : t + length] for i, t in starts[chosen]]


def anywhere(features, n, length, seed):
    """Pieces whose starts are random frames: in equilibrium as far as all data are."""
    rng = np.random.default_rng(seed)
    chosen = [(i, rng.integers(len(features[i]) - length + 1)) for i in rng.integers(20, size=n)]
    return [features[i][t : t + length] for i, t in chosen]


def walks(rng, n, length):
    """Walkers of the chain from state 0, as noisy indicators."""
    states, upper = np.zeros((n, length), int), CHAIN.cumsum(axis=1)
    for t in range(1, length):
        states[:, t] = (rng.random(n)[:, None] > upper[states[:, t - 1]]).sum(axis=1)
    noisy = np.eye(4)[states] + rng.normal(0, 0.02, (n, length, 4))
    return states, list(noisy.astype(np.float32))
