"""A judged run beside the paper's Trp-cage: Table 1, distances, structures, figures to reach."""

import json
import math

from lss.report.wording import NOTHING, duration, estimate, number
from reproduction import paper
from reproduction.results import Results, cost, recorded

#: Folder in the run that is written.
FOLDER = "reproduction"
#: Figures of the report that a page of the documentation shows.
PICTURES = ("slowest_mode", "tica", "free_energy", "timescales", "size", "structures")
#: Values of Table 1 and beyond.
VALUES = ("t_{}_ps", "rg_mean_nm", "rg_sd_nm", "rmsd_mean_nm", "ca_bond_mean_nm", "ca_bond_sd_nm")
#: Distances between ensembles.
DISTANCES = (
    "free_energy_rmse_psi_{}_kT",
    "free_energy_rmse_plain_psi_{}_kT",
    "tica_jsd_bits",
    "pair_distance_jsd_bits",
    "torsion_jsd_bits",
    "rg_jsd_bits",
)


def write(run):
    """Write the tables of a judged run beside the paper's values to RUN/reproduction.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its report.

    Returns
    -------
    str
        The tables, and where they are.
    """
    report = json.loads((run.path / "report.json").read_text(encoding="utf-8"))
    found = Results(_numbers(run, report))
    found.add("table-1", *_values(report))
    found.add("distances", *_distances(report))
    found.add("structures", *_structures(report))
    found.add("goals", *goals(report))
    found.add("run", *_run(run, report, found.numbers))
    folder = run.path / FOLDER
    pictures = [run.path / "figures" / f"{name}.png" for name in PICTURES]
    found.write(folder, [picture for picture in pictures if picture.exists()])
    return f"{found.text()}\nresults: {folder}"


def _numbers(run, report):
    """What the tables are made of, and what was run."""
    stages = run.record["stages"]
    return {
        "note": report["note"],
        "settings": {name: stage["settings"] for name, stage in stages.items()},
        **cost(run),
        "versions": run.record["versions"],
        "errors": report["errors"],
        "ensembles": report["ensembles"],
        "regions": report["cores_on_psi_1"],
        "quantities": report["quantities"],
        "mean_rmsd_of_pairs_nm": report.get("mean_rmsd_of_pairs_nm"),
        "printed_in_the_paper": {name: vars(printed) for name, printed in paper.PRINTED.items()},
    }


def _keys(report, patterns):
    """Keys of the quantities that there are; {} stands for the number of a mode."""
    modes = range(1, 1 + sum(key.endswith("exponential_fit_ps") for key in report["quantities"]))
    wanted = [pattern.format(i) for pattern in patterns for i in (modes if "{" in pattern else "-")]
    return [key for key in wanted if key in report["quantities"]]


def _printed(key, what):
    """The paper's value, or a dash."""
    value = getattr(paper.PRINTED[key], what) if key in paper.PRINTED else None
    return NOTHING if value is None else f"{value:g}"


def _values(report):
    """The paper's Table 1: values of MD and LSS."""
    names = [name for name in ("MD", "LSS", "held-out MD") if name in report["ensembles"]]
    fields = dict(zip(names, ("md", "lss", "heldout_md"), strict=False))
    rows = []
    for key in _keys(report, VALUES):
        q = report["quantities"][key]
        unit = "" if q["unit"] == "dimensionless" else q["unit"]
        like = recorded(q["md"])
        cells = [estimate(recorded(q[fields[name]]), unit, like) for name in names]
        rows.append([q["label"], *cells, _printed(key, "md"), _printed(key, "lss")])
    for core, key in enumerate(("core_a_population", "core_b_population")):
        q = report["quantities"][key]
        label = f"share of frames, {report['cores_on_psi_1']['names'][2 * core]}"
        cells = [estimate(recorded(q[fields[name]]), "") for name in names]
        rows.append([label, *cells, NOTHING, NOTHING])
    counts = [f"{_crossings(report, name):.0f}" for name in names]
    rows.append(["transitions between the cores", *counts, _printed("transitions", "md"),
                 _printed("transitions", "lss")])  # fmt: skip
    times = [duration(report["ensembles"][name]["total_time_ps"]) for name in names]
    rows.append(["total time", *times, "208 us", "100 x 208 us"])
    return ["", *names, "paper: MD", "paper: LSS"], rows


def _crossings(report, name):
    return report["ensembles"][name]["core_to_core_transitions_at_lag_resolution"]


def _distances(report):
    """Free-energy RMSEs and divergences, beside those of a second MD run where there is one."""
    rows = []
    for key in _keys(report, DISTANCES):
        q = report["quantities"][key]
        cells = [q["label"], f"{number(q['lss_to_md']['value'], 2)} {q['unit']}"]
        if q["ratio_to_second_md_run"]:
            cells += [number(q[name], 2) for name in ("lss_to_heldout", "md_to_heldout")]
            cells.append(estimate(recorded(q["ratio_to_second_md_run"]), ""))
        rows.append([*cells, _printed(key, "lss")])
    second = "held-out MD" in report["ensembles"]
    more = ["LSS to held-out MD", "training MD to held-out MD", "ratio"] if second else []
    return ["", "LSS to training MD", *more, "paper: LSS to MD"], rows


def _structures(report):
    """Mean RMSD of pairs of structures of each region of psi_1."""
    rows = [
        [name, *(number(value) for value in pairs.values()), _printed(f"{name}_rmsd_nm", "lss")]
        for name, pairs in report["mean_rmsd_of_pairs_nm"].items()
    ]
    return ["mean RMSD of pairs, nm", "MD with MD", "LSS with MD", "LSS with LSS",
            "paper: LSS with MD"], rows  # fmt: skip


def goals(report):
    """The figures to reach, each with its floor, what was wanted, and whether it was reached."""
    found = [*_thermodynamic_goals(report), *_structure_goals(report), *_transition_goals(report)]
    rows = []
    for label, value, floor, limit, text, printed in found:
        met = "" if limit is None or value is None else "yes" if value <= limit else "no"
        cells = [number(x) if x is not None else NOTHING for x in (value, floor)]
        rows.append([label, *cells, text, met, printed])
    return ["", "found", "floor", "wanted", "reached", "paper"], rows


def _thermodynamic_goals(report):
    """Rows (label, found, floor, limit, wanted in words, paper's)."""
    q = report["quantities"]
    names = report["cores_on_psi_1"]["names"]
    core = "core_b_population" if names[2] == "folded" else "core_a_population"
    md, lss = q[core]["md"], q[core]["lss"]
    folded = abs(lss["value"] - md["value"])
    yield (f"share {names[2 if core[5] == 'b' else 0]}: LSS off the training MD", folded,
           md["standard_error"], md["standard_error"], "its block error", NOTHING)  # fmt: skip
    t = q["t_1_ps"]
    yield ("t_1: LSS off the training MD, relative", _off(t["lss"], t["md"]),
           _relative_error(t["md"]), 0.10, "0.10", NOTHING)  # fmt: skip
    weighted, plain = (q[f"free_energy_rmse_{word}psi_1_kT"] for word in ("", "plain_"))
    if t["heldout_md"]:
        yield ("t_1: LSS off the held-out MD, relative", _off(t["lss"], t["heldout_md"]),
               _off(t["md"], t["heldout_md"]), 0.15, "0.15", NOTHING)  # fmt: skip
        yield ("F(psi_1) RMSE, weighted, LSS to held-out MD, kT", weighted["lss_to_heldout"],
               weighted["md_to_heldout"], 1.3 * weighted["md_to_heldout"], "1.3 x floor",
               NOTHING)  # fmt: skip
    yield ("F(psi_1) RMSE, weighted, LSS to training MD, kT", weighted["lss_to_md"]["value"],
           report["free_energy_rmse_from_errors_alone_kT"][0], 0.05, "0.05", NOTHING)  # fmt: skip
    printed = _printed("free_energy_rmse_plain_psi_1_kT", "lss")
    yield ("F(psi_1) RMSE, not weighted, LSS to training MD, kT", plain["lss_to_md"]["value"],
           plain["md_to_heldout"], None, "", printed)  # fmt: skip


def _structure_goals(report):
    q = report["quantities"]
    for key, label in (("rg_mean_nm", "mean Rg"), ("rg_sd_nm", "standard deviation of Rg")):
        yield (f"{label}: LSS off the training MD, relative", _off(q[key]["lss"], q[key]["md"]),
               _relative_error(q[key]["md"]), 0.02, "0.02", NOTHING)  # fmt: skip
    for region, limit in (("folded", 0.20), ("transition", 0.30)):
        pairs = report["mean_rmsd_of_pairs_nm"].get(region)
        if pairs:
            yield (f"{region}: CA-RMSD between LSS and MD, nm", pairs["LSS-MD"], pairs["MD-MD"],
                   limit, f"{limit:.2f}", _printed(f"{region}_rmsd_nm", "lss"))  # fmt: skip
    tica = q["tica_jsd_bits"]
    if tica["md_to_heldout"] is not None:
        yield ("TICA map: JSD, LSS to held-out MD, bits", tica["lss_to_heldout"],
               tica["md_to_heldout"], 2 * tica["md_to_heldout"], "2 x floor", NOTHING)  # fmt: skip


def _transition_goals(report):
    md, lss = (report["ensembles"][name] for name in ("MD", "LSS"))
    times = lss["total_time_ps"] / md["total_time_ps"]
    if not (seen := _crossings(report, "MD")):
        return
    ratio = _crossings(report, "LSS") / seen
    rate = report["quantities"]["transitions_per_ps"]
    own, theirs = (_relative_error(rate[name]) for name in ("md", "lss"))
    yield (f"transitions: {ratio:.1f} times the MD's, off the {times:.0f} times longer time, "
           "relative", abs(ratio / times - 1), own, 0.15, "0.15", "1070 against 12")  # fmt: skip
    if own and theirs:
        yield ("relative error of the transition rate, LSS over MD", theirs / own,
               1 / math.sqrt(times), 0.10, "0.10", NOTHING)  # fmt: skip


def _off(value, reference):
    """Relative difference of two estimates, without its sign; None where one is not known."""
    if value["value"] is None or not reference["value"]:
        return None
    return abs(value["value"] / reference["value"] - 1)


def _relative_error(known):
    if not known["value"] or known["standard_error"] is None:
        return None
    return known["standard_error"] / known["value"]


def _run(run, report, numbers):
    """What was run and what it cost."""
    srv, synthetic = run.settings("srv"), run.settings("synthetic")
    given = {name: run.settings(name)["steps"] for name in ("srv", "mdn", "cwgan")}
    steps = ", ".join(f"{name}: {n}" for name, n in given.items() if n) or "those of the settings"
    rows = [
        ["settings of the networks", srv["preset"]],
        ["training steps", steps],
        ["lag", duration(report["lag_ps"])],
        ["training MD", f"{report['ensembles']['MD']['frames']} frames"],
        ["synthetic trajectories",
         f"{synthetic['trajectories']} of {duration(synthetic['length_ps'])}"],
        ["seed", str(srv["seed"])],
        ["timescales of the encoder", ", ".join(map(duration, report["srv_timescales_ps"]))],
        *([f"wall-clock time, {name}", f"{s / 60:.1f} min"]
          for name, s in numbers["seconds"].items()),
        ["wall-clock time, all", f"{sum(numbers['seconds'].values()) / 60:.1f} min"],
        ["peak memory of the process that wrote this",
         f"{number(numbers['peak_memory_gb'], 2)} GB"],
        *([name, version] for name, version in numbers["versions"].items()),
    ]  # fmt: skip
    if report["note"]:
        rows.append(["times", report["note"]])
    return ["", "value"], rows
