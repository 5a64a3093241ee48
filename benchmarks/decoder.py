"""How right are decoded molecules? Each figure beside the target and the MD's own floor.

    python benchmarks/decoder.py backbone --data DIR/pentapeptide
    python benchmarks/decoder.py heavy    --data DIR/pentapeptide
    python benchmarks/decoder.py trpcage  --data DIR/trpcage

Trained and judged frames are different blocks of 50 frames (peptide) or different files (Trp-cage).
"Floor" is the figure of as many training frames of the MD. Jensen-Shannon divergences are in bits,
lengths in nm. CPU seconds are those of the process, compilation and evaluation included.
"""

import argparse
import time
from pathlib import Path

import numpy as np

SELECTIONS = {
    "backbone": "name N or name CA or name C or name O or name CB",
    "backbone-nocb": "name N or name CA or name C or name O",
    "heavy": "element != H",
    "trpcage": "name CA",
}
TARGETS = {
    "backbone": {
        "valid": ">= .98", "ca_sd": "within 10 %", "clash": "<= .001", "trans": ">= .999",
        "wrong_hand": "0", "rg_mean": "within .0005", "rg_sd": "within 3 %", "jsd_pairs": "<= .004",
        "jsd_phi_psi": "<= .03", "jsd_2tic": "<= .025", "jsd_rg": "<= .002", "psi_r2": ">= .97",
        "explained": ">= .85 of floor", "variance_ratio": ".9 to 1.1",
    },
    "heavy": {
        "allok": ">= .95", "bonds_ok": ">= .999", "wrong_hand": "<= .001", "ring_rms": "<= .005",
        "clash": "<= .03", "jsd_chi1": "<= .03", "jsd_chi2": "<= .03", "jsd_phi_psi": "<= .05",
        "jsd_2tic": "<= .05", "rg_mean": "within .005", "rg_sd": "within 8 %", "psi_r2": ">= .95",
    },
    "trpcage": {
        "bonds_ok": ">= .995", "rg_mean": "within .005", "rg_sd": "within 3 %",
        "jsd_pairs": "<= .010", "jsd_2tic": "<= 2 x floor", "clash": "<= .005",
        "psi_r2": ">= .95/.9/.85", "variance_ratio": ">= .9", "rmsd_folded": "<= .20",
        "rmsd_transition": "<= .30",
    },
}  # fmt: skip
TARGETS["backbone-nocb"] = TARGETS["backbone"]
N_JUDGED = 10_000
N_COMPARED = 300  # structures of each ensemble in a mean over all pairs
N_DRAWS = 5  # structures for each judged psi: the finite sample adds to a divergence


def encoder_features(system, traj):
    """CA distances with backbone (and side-chain) torsions: what the encoder sees."""
    import mdtraj as md

    ca = traj.topology.select("name CA")
    pairs = [(a, b) for i, a in enumerate(ca) for b in ca[i + 2 :]]
    columns = [md.compute_distances(traj, pairs)]
    if system == "trpcage":
        angles = [
            md.compute_dihedrals(traj, np.stack([ca[i : i - 3 or None] for i in range(4)], 1))
        ]
    else:
        kinds = [md.compute_phi, md.compute_psi]
        kinds += [md.compute_chi1, md.compute_chi2] if system == "heavy" else []
        angles = [kind(traj)[1] for kind in kinds]
    return np.concatenate([*columns, *(f(a) for a in angles for f in (np.cos, np.sin))], 1)


class System:
    """Data of one benchmark: frames to train on, frames to judge by, encoder and TICA.

    Attributes
    ----------
    coords, psi : ndarray (n_train, n_atoms, 3), (n_train, 3)
        Superposed; and their counterparts `judged`, `judged_psi`, and `floor`, training frames.
    """

    def __init__(self, name, data):
        import mdtraj as md
        from deeptime.decomposition import TICA

        from cwgan.bonds import bond_graph
        from cwgan.superpose import mean_structure, superpose
        from srv import SRV
        from srv.length import choose_length

        self.name = name
        pdb = md.load(str(next(Path(data).glob("*.pdb"))))
        atoms = pdb.topology.select(SELECTIONS[name])
        self.topology = pdb.atom_slice(atoms).topology
        index = {atom: i for i, atom in enumerate(self.topology.atoms)}
        self.bonds = np.array([(index[a], index[b]) for a, b in self.topology.bonds], int)
        if name == "trpcage":
            self.bonds = np.stack([np.arange(len(atoms) - 1), np.arange(1, len(atoms))], 1)
        coords, features = [], []
        for file in sorted(Path(data).glob("*.xtc")):
            traj = md.load(str(file), top=pdb.topology)
            coords.append(traj.xyz[:, atoms])
            features.append(encoder_features(name, traj).astype(np.float32))
        held = [self._held(i, len(c)) for i, c in enumerate(coords)]
        lag = 100 if name == "trpcage" else 5
        seen = features[:2] if name == "trpcage" else features
        encoder = SRV.from_preset(
            "recommended", features[0].shape[1], n_components=3, lag_time=lag, verbose=False
        )
        encoder = choose_length(seen, encoder)[0].fit(seen)
        self.encode = encoder.transform
        tica = TICA(lagtime=lag, dim=2).fit(seen).fetch_model()
        self.tics = lambda x: tica.transform(x.astype(np.float64))
        held, features = np.concatenate(held), np.concatenate(features)
        psi, coords = encoder.transform(features).astype(np.float32), np.concatenate(coords)
        reference = mean_structure(coords[~held][::20])
        coords = superpose(coords, reference)
        self.graph = bond_graph(len(atoms), self.bonds, reference)
        self.coords, self.psi = coords[~held], psi[~held]
        rows = np.random.default_rng(0).permutation(int(held.sum()))[:N_JUDGED]
        self.judged, self.judged_psi = coords[held][rows], psi[held][rows]
        rows = np.random.default_rng(1).permutation(len(self.coords))[: N_DRAWS * N_JUDGED]
        self.floor, self.floor_psi = self.coords[rows], self.psi[rows]
        self.native = pdb.xyz[0, atoms]

    def _held(self, i, n_frames):
        if self.name == "trpcage":
            return np.full(n_frames, i >= 2)
        return np.arange(n_frames) // 50 % 10 == 9


def jsd(a, b, bins, span):
    """Jensen-Shannon divergence in bits of two samples (n,) or (n, 2)."""
    a, b = (x.reshape(len(x), -1) for x in (a, b))
    p, q = (np.histogramdd(x, bins, span)[0].ravel() / len(x) for x in (a, b))
    mean = np.where(p + q > 0, (p + q) / 2, 1)
    return 0.5 * sum(float((x[x > 0] * np.log2((x / mean)[x > 0])).sum()) for x in (p, q))


def column_jsd(a, b, bins=50, span=None):
    """Mean over columns; bins over the range of `b`, wider by a tenth, if `span` is not given."""
    spans = [span or _range(b[:, k]) for k in range(b.shape[1])]
    return np.mean([jsd(a[:, k], b[:, k], bins, spans[k]) for k in range(b.shape[1])])


def _range(x):
    margin = 0.05 * (x.max() - x.min())
    return [(float(x.min() - margin), float(x.max() + margin))]


def figures(system, coords, psi):
    """What is right and wrong about structures `coords`, drawn from `psi`."""
    from cwgan.diagnostics import (
        explained_variance,
        pair_distances,
        radius_of_gyration,
        stereocentres,
        variance_ratio,
        wrong_hands,
    )

    md_coords, graph, out = system.judged, system.graph, {}
    far = pair_distances(coords, graph.nonbonded_pairs()).min(1)
    bond, md_bond = (pair_distances(x, system.bonds) for x in (coords, md_coords))
    wrong = wrong_hands(coords, *stereocentres(graph, md_coords))
    if system.name == "trpcage":
        ca = np.arange(coords.shape[1])
        out["bonds_ok"] = ((bond > 0.355) & (bond < 0.405)).mean()
        out["bond_sd"] = bond.std(0).mean()
        out["clash"] = (far < 0.38).mean()
        out.update(region_rmsd(system, coords, psi))
    else:
        ca = system.topology.select("name CA")
        chain = pair_distances(coords, np.stack([ca[:-1], ca[1:]], 1))
        out["valid"] = ((chain > 0.36) & (chain < 0.40)).all(1).mean()
        out["ca_sd"] = chain.std(0).mean()
        out["clash"] = (far < 0.25).mean()
        out.update(torsion_figures(system, coords))
        out["wrong_hand"] = wrong.any(1).mean()
    if system.name == "heavy":
        ring, md_ring = (pair_distances(x, graph.ring_pairs()) for x in (coords, md_coords))
        angle, md_angle = (pair_distances(x, graph.pairs(2)) for x in (coords, md_coords))
        bonds_ok = np.abs(bond - md_bond.mean(0)) < 0.02
        out["bonds_ok"] = bonds_ok.all(1).mean()
        out["angles_ok"] = (np.abs(angle - md_angle.mean(0)) < 0.03).all(1).mean()
        out["ring_rms"] = np.sqrt(((ring - md_ring.mean(0)) ** 2).mean())
        good = bonds_ok.all(1) & (np.abs(angle - md_angle.mean(0)) < 0.03).all(1)
        out["allok"] = (good & ~wrong.any(1) & (far >= 0.25)).mean()
    pairs = np.array([(a, b) for i, a in enumerate(ca) for b in ca[i + 1 :]])
    d, md_d = pair_distances(coords, pairs), pair_distances(md_coords, pairs)
    rg, md_rg = radius_of_gyration(coords), radius_of_gyration(md_coords)
    out["rg_mean"], out["rg_sd"] = rg.mean(), rg.std()
    out["jsd_pairs"], out["jsd_rg"] = column_jsd(d, md_d), column_jsd(rg[:, None], md_rg[:, None])
    seen = [encoder_features(system.name, trajectory(system, x)) for x in (coords, md_coords)]
    tics, md_tics = map(system.tics, seen)
    out["jsd_2tic"] = jsd(tics, md_tics, 30, [_range(c)[0] for c in md_tics.T])
    back = system.encode(seen[0])
    out["psi_r2"] = 1 - ((back - psi) ** 2).mean(0) / psi.var(0)
    out["psi_median_error"] = np.median(np.abs(back - psi), 0)
    out["explained"] = explained_variance(psi, d)
    md_psi = system.judged_psi
    out["variance_ratio"] = variance_ratio(psi, d, md_psi, md_d)
    return out


def trajectory(system, coords):
    import mdtraj as md

    return md.Trajectory(coords, system.topology)


def torsion_figures(system, coords):
    """Peptide bonds, Ramachandran maps and rotamers."""
    import mdtraj as md

    both = [trajectory(system, x) for x in (coords, system.judged)]
    circle, out = [(-np.pi, np.pi)], {}
    out["trans"] = (np.abs(md.compute_omega(both[0])[1]) > np.pi / 2).mean()
    # phi starts with the second residue, psi ends with the last but one.
    a, b = (np.stack([md.compute_phi(t)[1][:, :-1], md.compute_psi(t)[1][:, 1:]], -1) for t in both)
    maps = [jsd(a[:, k], b[:, k], 30, circle * 2) for k in range(a.shape[1])]
    out["jsd_phi_psi"] = np.mean(maps)
    if system.name == "heavy":
        for name, kind in (("jsd_chi1", md.compute_chi1), ("jsd_chi2", md.compute_chi2)):
            out[name] = column_jsd(*(kind(t)[1] for t in both), span=circle)
    return out


def region_rmsd(system, coords, psi):
    """Mean CA-RMSD of structures to the MD's, for the folded basin and the transition region.

    Regions lie on psi_1: the core that is nearer to the native structure, and all between cores.
    """
    import mdtraj as md

    from lss.transitions import find_cores

    cores = find_cores(system.judged_psi[:, 0])
    label, md_label = cores.label(psi), cores.label(system.judged_psi)
    every, native = trajectory(system, system.judged), trajectory(system, system.native)
    to_native = md.rmsd(every, native)
    folded = min((0, 1), key=lambda k: to_native[md_label == k].mean())
    out = {}
    for name, k in (("folded", folded), ("transition", -1)):
        made = trajectory(system, coords[label == k][:N_COMPARED])
        others = every[np.flatnonzero(md_label == k)[:N_COMPARED]]
        out[f"rmsd_{name}"] = np.mean([md.rmsd(made, others, i) for i in range(len(others))])
    return out


def train(system, args, seed):
    """Fit a MolGen; returns it with the CPU seconds it took."""
    from cwgan import MolGen

    overrides = {"n_updates": args.updates} if args.updates else {}
    model = MolGen.from_preset(
        args.preset, 3, system.coords.shape[1], bonds=system.bonds, seed=seed, **overrides
    )
    start = time.process_time()
    model.fit(system.psi, system.coords)
    return model, time.process_time() - start


def show(name, columns):
    """Print a table: one row a figure, one column a seed, then target and floor."""
    print(f"{name:18s}" + "".join(f"{c:>22s}" for c in columns))
    rows = {key: None for column in columns.values() for key in column}
    for key in rows:
        cells = [column.get(key, "") for column in columns.values()]
        print(f"{key:18s}" + "".join(f"{_cell(cell):>22s}" for cell in cells))


def _cell(value):
    if isinstance(value, str):
        return value
    if np.ndim(value):
        return "/".join(f"{v:.3f}" for v in value)
    return f"{value:.5f}" if abs(value) < 10 else f"{value:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("system", choices=sorted(SELECTIONS))
    parser.add_argument("--data", required=True, help="folder with .xtc files and one .pdb")
    parser.add_argument("--preset", default="recommended")
    parser.add_argument("--updates", type=int, help="generator updates; the preset's if not given")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds")
    args = parser.parse_args()
    from cwgan import decode

    system = System(args.system, args.data)
    columns = {}
    for seed in range(args.seeds):
        model, seconds = train(system, args, seed)
        psi = np.tile(system.judged_psi, (N_DRAWS, 1))
        decode(model.generator, psi, seed)
        start = time.process_time()
        made = decode(model.generator, psi, seed)
        rate = len(made) / (time.process_time() - start)
        column = {"train_cpu_s": seconds, "decoded_per_cpu_s": rate}
        column["energy_distance"] = min(model.history["energy_distance"])
        column.update(figures(system, made, psi))
        columns[f"seed {seed}"] = column
        print("curve", np.round(model.history["energy_distance"], 5))
        print("\n".join(model.history["warnings"]))
    columns["target"] = TARGETS[args.system]
    columns["MD floor"] = {
        "energy_distance": model.history["energy_floor"],
        **figures(system, system.floor, system.floor_psi),
    }
    show(args.system, columns)


if __name__ == "__main__":
    main()
