"""The last stage: the simulator of a run compared with its MD, and with MD held out."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from lss.analysis.sample import Sample
from lss.report.training_figures import FLOORS
from lss.run import inputs, messages, run_files
from lss.run.kinds import kind_of
from lss.run.lag_scan import read_choice
from lss.run.messages import drawn
from lss.run.validate import compare_with_bar, of_replicas
from lss.simulator import LatentSpaceSimulator
from lss.storage.full_disk import new_hdf5

NETWORKS = ("SRV", "MDN", "cWGAN")


def make_report(run, held_out=None, force=False, states=None):
    """Stage `report`: synthetic trajectories and MD -> report.html, report.json, figures/.

    Parameters
    ----------
    run : lss.run.run_folder.Run
        With its synthetic trajectories.
    held_out : list of str, optional
        Files of MD that was not trained on: the second MD run that the simulator is compared with.
    force : bool
        Make the report again where it is finished with other held-out MD, or other states.
    states : dict, optional
        By name, of `lss.define_states`: their populations and passage times are compared as well.

    Returns
    -------
    str
        The summary table, the verdict, what the networks' diagnostics found, and where the report
        is.

    Raises
    ------
    InputError
        Where an earlier stage is not finished, or the held-out MD cannot be read or is of another
        molecule.
    """
    from lss.report import write_report
    from lss.report.tables import summary_table
    from lss.report.verdict import judge

    settings = {"held_out": held_out}
    if states:
        settings["states"] = [state.describe() for state in states.values()]
    known = run.reusable("report", settings, force)
    if not known or "verdict" not in run.report("report"):  # those of 0.1.0 have none
        with run.stage("report", settings) as report:
            comparison = compare_with_md(run, held_out, states)
            stages = {name: run.report(name.lower()) for name in NETWORKS}
            diagnostics = {n: s["diagnostics"] for n, s in stages.items() if "diagnostics" in s}
            remarks = decoder_remarks(run.report("synthetic"))
            if remarks:
                diagnostics["cWGAN"] = {**diagnostics.get("cWGAN", {}), "remarks": remarks}
            warned = {
                n: found["warnings"] for n, found in diagnostics.items() if found.get("warnings")
            }
            write_report(
                run.path,
                comparison,
                title=f"Latent space simulator {run.path.name}",
                equilibrium=run.report("srv").get("equilibrium"),
                note=run.report("features")["note"],
                training={name: curves(stage["history"]) for name, stage in stages.items()},
                diagnostics=diagnostics,
                settings={name: stage["settings"] for name, stage in run.record["stages"].items()},
                versions=run.record["versions"],
                choice=read_choice(run),
            )
            report["summary"] = summary_table(comparison)
            areas = judge(comparison, warned).areas.items()
            report["verdict"] = [f"{area}: {sentence}" for area, (_, sentence) in areas]
            report["verdict"] += [f"{n}: {text}" for n, found in warned.items() for text in found]
            report["verdict"] += [f"cWGAN: {text}" for text in remarks]
            run_files.write_meta(run, ratios_to_second_md_run=ratios(comparison))
    found, note = run.report("report"), run.report("features")["note"]
    lines = [found["summary"], *([f"note: {note}"] if note else [])]
    lines += ["", *messages.equilibrium(run), "", "verdict (the findings are in the report)"]
    lines += [f"  {line}" for line in found["verdict"]]
    return "\n".join([*lines, "", f"report: {run.path / 'report.html'}"])


def decoder_remarks(synthetic):
    """What happened when the synthetic trajectories were decoded, as a list of sentences."""
    return [drawn(synthetic)] if "draws_per_frame" in synthetic else []


def curves(history):
    """Those parts of a training history that were recorded all along, and their floors."""
    lists = {name: values for name, values in history.items() if isinstance(values, list)}
    length = max(map(len, lists.values()), default=0)
    found = {name: values for name, values in lists.items() if len(values) == length}
    floors = {f: history[f] for name, f in FLOORS.items() if name in found and f in history}
    return found | floors


def ratios(comparison):
    """Ratio to a second MD run of each quantity that has one, by its label."""
    rows = [row for row in comparison.rows if row.ratio is not None]
    return {row.quantity.label: row.ratio.value for row in rows}


def compare_with_md(run, held_out=None, states=None):
    """Compare the synthetic trajectories of a run with its data; see `validation.compare`."""
    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    kind, lag_ps = kind_of(trajectories), run.settings("srv")["lag_time_ps"]
    with ExitStack() as stack:
        md, options = kind.compared(run, stack, inputs.check_lag(lag_ps, trajectories))
        synthetic = kind.read_synthetic(run.path / "synthetic")
        simulator = LatentSpaceSimulator.load(run.box)
        second = None
        if held_out:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            file = stack.enter_context(new_hdf5(Path(folder) / "coords.h5"))
            second = kind.held_out_sample(simulator, held_out, options, file)
        return compare_with_bar(
            md,
            Sample(*synthetic),
            second,
            of_replicas(simulator, synthetic[0], run.settings("synthetic")["seed"]),
            lag_ps=lag_ps,
            eigenvalues=run.report("srv")["eigenvalues"],
            reversible=run.report("srv").get("reversible", True),
            states=list((states or {}).values()),
            **options,
        )
