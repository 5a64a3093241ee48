"""How right are decoded molecules? Each figure beside the target and the MD's own floor.

    python benchmarks/decoder.py backbone --data DIR/pentapeptide
    python benchmarks/decoder.py heavy    --data DIR/pentapeptide
    python benchmarks/decoder.py asp7     --data DIR/asp7
    python benchmarks/decoder.py trpcage  --data DIR/trpcage
    python benchmarks/decoder.py large    --residues 214 --atoms backbone

Trained and judged frames are different blocks of 50 frames (peptide) or different files (Trp-cage).
"MD floor" is the figure of as many training frames of the MD; "nearest frame" that of the training
frames of the nearest psi, by rank: what a decoder reaches that has nothing more to learn.
Jensen-Shannon divergences are in bits, lengths in nm. CPU seconds are those of the process,
compilation and evaluation included. "large" is a made-up protein (`large_protein.py`), judged by
`MolGen.diagnose` on frames held out in blocks of 50, with the peak memory of the process.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from decoder_figures import encoder_features, figures

SELECTIONS = {
    "backbone": "name N or name CA or name C or name O or name CB",
    "backbone-nocb": "name N or name CA or name C or name O",
    "heavy": "element != H",
    "asp7": "element != H",
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
    "asp7": {"allok": ">= .97", "clash": "<= .005", "jsd_chi1": "<= .02", "jsd_chi2": "<= .02"},
    "trpcage": {
        "bonds_ok": ">= .995", "rg_mean": "within .005", "rg_sd": "within 3 %",
        "jsd_pairs": "<= .010", "jsd_2tic": "<= 2 x floor", "clash": "<= .005",
        "psi_r2": ">= .95/.9/.85", "variance_ratio": ">= .9", "rmsd_folded": "<= .20",
        "rmsd_transition": "<= .30",
    },
}  # fmt: skip
TARGETS["backbone-nocb"] = TARGETS["backbone"]
DIAGNOSED = (
    *("energy_distance", "energy_floor", "variance_ratio", "bond_right", "clash", "clash_md"),
    *("draws_per_frame", "rg_mean", "rg_mean_md", "rg_sd", "rg_sd_md", "psi_r2", "psi_r2_md"),
)  # by `MolGen.diagnose`
LAGS = {"trpcage": 100, "asp7": 10}  # frames
ASP7 = "N CA CB CG OD1 OD2 C O OXT"  # atoms of a residue as its XTC file has them, not its PDB
N_JUDGED = 10_000
N_DRAWS = 5  # structures for each judged psi: the finite sample adds to a divergence


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

        self.name = "heavy" if name == "asp7" else name  # what is looked at
        pdb = md.load(str(next(Path(data).glob("*.pdb"))))
        pdb = in_order(pdb, ASP7.split()) if name == "asp7" else pdb
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
            features.append(encoder_features(self.name, traj).astype(np.float32))
        held = [self._held(i, len(c)) for i, c in enumerate(coords)]
        lag = LAGS.get(name, 5)
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
        self.reference = reference = mean_structure(coords[~held][::20])
        coords = superpose(coords, reference)
        self.graph = bond_graph(len(atoms), self.bonds, reference)
        self.coords, self.psi = coords[~held], psi[~held]
        rows = np.random.default_rng(0).permutation(int(held.sum()))[:N_JUDGED]
        self.judged, self.judged_psi = coords[held][rows], psi[held][rows]
        rows = np.random.default_rng(1).permutation(len(self.coords))[: N_DRAWS * N_JUDGED]
        self.floor, self.floor_psi = self.coords[rows], self.psi[rows]
        self.native = pdb.xyz[0, atoms]

    def nearest(self):
        """Training frames of the nearest psi, by ranks: the nearest of each, then the second."""
        from scipy.spatial import cKDTree

        ranks = [
            np.stack([np.searchsorted(np.sort(a), b) for a, b in zip(self.psi.T, x.T, strict=True)])
            for x in (self.psi, self.judged_psi)
        ]
        return self.coords[cKDTree(ranks[0].T).query(ranks[1].T, N_DRAWS)[1].T.ravel()]

    def _held(self, i, n_frames):
        if self.name == "trpcage":
            return np.full(n_frames, i >= 2)
        return np.arange(n_frames) // 50 % 10 == 9


def in_order(pdb, names):
    """A structure whose residues have their atoms in another order."""
    import mdtraj as md

    rank = {name: k for k, name in enumerate(names)}
    atoms = sorted(pdb.topology.atoms, key=lambda a: (a.residue.index, rank[a.name]))
    table, _ = pdb.topology.to_dataframe()
    table = table.iloc[[a.index for a in atoms]].reset_index(drop=True)
    number = {a.index: i for i, a in enumerate(atoms)}
    bonds = [(number[a.index], number[b.index]) for a, b in pdb.topology.bonds]
    topology = md.Topology.from_dataframe(table, np.array([(*b, 0, 0) for b in bonds], float))
    return md.Trajectory(pdb.xyz[:, [a.index for a in atoms]], topology)


def train(system, args, seed):
    """Fit a MolGen; returns it with the CPU seconds it took."""
    from cwgan import MolGen

    overrides = {"n_updates": args.updates} if args.updates else {}
    model = MolGen.from_preset(
        args.preset,
        3,
        system.coords.shape[1],
        bonds=system.bonds,
        reference=system.reference,
        seed=seed,
        **overrides,
    )
    start = time.process_time()
    model.fit(system.psi, system.coords)
    return model, time.process_time() - start


def large(args, seed):
    """Figures of a decoder of the made-up protein."""
    import resource

    from large_protein import frames

    from cwgan import MolGen
    from cwgan.diagnostics import pair_distances

    psi, coords, bonds, ca = frames(args.residues, args.atoms, args.frames)
    held = np.arange(len(psi)) // 50 % 10 == 9
    made_of = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    overrides = {"n_updates": args.updates} if args.updates else {}
    model = MolGen.from_preset(args.preset, 3, coords.shape[1], bonds=bonds, seed=seed, **overrides)
    start = time.process_time()
    model.fit(psi[~held], coords[~held])
    column = {"train_cpu_s": time.process_time() - start}
    found = model.diagnose(psi[held], coords[held])
    column |= {key: found[key] for key in DIAGNOSED}
    made = model.transform(psi[held])
    chain = np.stack([ca[:-1], ca[1:]], 1)
    for name, x in (("", made), ("_md", coords[held])):
        d = pair_distances(x, chain)
        column[f"ca_valid{name}"] = ((d > 0.36) & (d < 0.40)).mean()
        column[f"ca_sd{name}"] = d.std(0).mean()
    column["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    column["peak_of_the_data_gb"] = made_of / 2**20
    return column


def show(name, columns):
    """Print a table: one row a figure, one column a seed, then target and floors."""
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
    parser.add_argument("system", choices=[*sorted(SELECTIONS), "large"])
    parser.add_argument("--data", help="folder with .xtc files and one .pdb; large needs none")
    parser.add_argument("--preset", default="recommended")
    parser.add_argument("--updates", type=int, help="generator updates; the preset's if not given")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds")
    parser.add_argument("--residues", type=int, default=214, help="of large")
    parser.add_argument("--atoms", choices=["ca", "backbone"], default="ca", help="of large")
    parser.add_argument("--frames", type=int, default=20_000, help="of large")
    args = parser.parse_args()
    if args.system == "large":
        show("large", {f"seed {seed}": large(args, seed) for seed in range(args.seeds)})
        return
    from cwgan import Decoder

    system = System(args.system, args.data)
    columns = {}
    for seed in range(args.seeds):
        model, seconds = train(system, args, seed)
        psi = np.tile(system.judged_psi, (N_DRAWS, 1))
        Decoder(model.generator, model.contacts).decode(psi, seed)  # compiles
        decoder = Decoder(model.generator, model.contacts)
        start = time.process_time()
        made = decoder.decode(psi, seed)
        rate = len(made) / (time.process_time() - start)
        column = {"train_cpu_s": seconds, "decoded_per_cpu_s": rate}
        column["draws_per_frame"] = decoder.draws / decoder.frames
        column["clash_in_all_draws"] = decoder.failed / decoder.frames
        column["energy_distance"] = min(model.history["energy_distance"])
        column.update(figures(system, made, psi))
        columns[f"seed {seed}"] = column
        print("curve", np.round(model.history["energy_distance"], 5))
        print("\n".join(model.history["warnings"]))
    columns["target"] = TARGETS[args.system]
    columns["nearest frame"] = figures(system, system.nearest(), psi)
    columns["MD floor"] = {
        "energy_distance": model.history["energy_floor"],
        **figures(system, system.floor, system.floor_psi),
    }
    show(args.system, columns)


if __name__ == "__main__":
    main()
