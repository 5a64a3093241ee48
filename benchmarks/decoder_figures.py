"""What is right and wrong about decoded molecules, as numbers."""

import numpy as np

N_COMPARED = 300  # structures of each ensemble in a mean over all pairs


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
    from cwgan.contacts import Contacts
    from cwgan.diagnostics import (
        explained_variance,
        pair_distances,
        radius_of_gyration,
        stereocentres,
        variance_ratio,
        wrong_hands,
    )

    md_coords, graph, out = system.judged, system.graph, {}
    far = Contacts(1.0, graph.n_atoms, graph.bonds).closest(coords)
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
        if len(graph.rings()):
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

    from lss.analysis.transitions import find_cores

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
