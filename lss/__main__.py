"""A simulator in a box: described in plain words, or its modes written for other programs."""

from lss.commands.box import export, parsed
from lss.commands.cli import load_tensorflow, main
from lss.units import format_time

RATIOS = "distances to it, over those between two such runs (1: as good as a second run)"


def describe(box):
    """A model card of a box, as text.

    Parameters
    ----------
    box : lss.box.Box

    Returns
    -------
    str
    """
    from lss.features.featurizer import is_own, own_specs

    meta = box.meta
    specs = own_specs(meta["features"])
    if is_own(meta["features"]):
        specs += " (the user's own: encode takes features, not structures)"
    lines = [
        molecule(box) if box.series is None else series(box.series),
        f"trained on      {training_data(meta)}",
        f"lag time        {format_time(meta['lag_time_ps'])}, the time between synthetic frames",
        f"features        {meta['n_features']}: {specs}",
        f"slow modes      {meta['n_modes']}",
    ]
    lines += slow_modes(meta)
    if meta.get("weights"):
        lines.append(
            f"weights         of frames, {meta['weights']}: MD that was not in equilibrium"
        )
    if box.replicas:
        lines.append(f"replicas        {len(box.replicas)} propagators of bootstrap samples")
    for network, name in (("mdn", "propagator"), ("cwgan", "decoder")):
        warnings = meta.get(f"{network}_warnings", ["its diagnostics are not recorded"])
        lines += [f"{name:15s} {text}" for text in warnings or ["every diagnostic passed"]]
    ratios = meta.get("ratios_to_second_md_run") or {}
    second = "second MD run" if box.series is None else "second run"
    lines.append(f"{second:15s} {RATIOS if ratios else 'not compared with one'}")
    lines += [f"  {label}: {ratio:.2g}" for label, ratio in ratios.items() if ratio is not None]
    lines += [f"note            {meta['note']}"] if meta.get("note") else []
    versions = meta.get("versions", {})
    lines.append("versions        " + ", ".join(f"{k} {v}" for k, v in versions.items()))
    return "\n".join(lines)


def slow_modes(meta):
    """A line for each mode: of what goes round, how fast it decays and turns."""
    values, times = meta.get("eigenvalues", []), meta.get("timescales_ps", [])
    turning = not meta.get("reversible", True)
    periods = meta.get("periods_ps", [None] * len(times))
    name, time = ("singular value", "decay") if turning else ("eigenvalue", "implied timescale")
    lines = []
    for i, (value, time_ps, period_ps) in enumerate(zip(values, times, periods, strict=False), 1):
        slow, turn = (None if x is None else format_time(x, 3) for x in (time_ps, period_ps))
        line = f"  psi_{i}         {name} {value:.4f}, {time} {slow or 'not resolved'}"
        lines.append(f"{line}, period {turn}" if turn else line)
    return lines


def molecule(box):
    """What a box of a molecule decodes."""
    residues = [residue.name for residue in box.reference.topology.residues]
    selection = f" ({box.meta['atoms']})" if "atoms" in box.meta else ""
    return (
        f"molecule        {box.reference.n_atoms} decoded atoms{selection} of "
        f"{len(residues)} residues: {'-'.join(residues[:30])}{' ...' if residues[30:] else ''}"
    )


def series(scheme):
    """What a box of a time series decodes, and what was done to its columns."""
    done = [f"{scheme.delays} rows a frame"] if scheme.delays > 1 else []
    done += ["a season is taken off and put back"] if scheme.season is not None else []
    more = f" ({'; '.join(done)})" if done else ""
    return (
        f"time series     {len(scheme.columns)} columns: {', '.join(scheme.columns.labels)}{more}"
    )


def training_data(meta):
    """Trajectories, frames and files; a box that was composed in memory does not know them."""
    if "trained_on" not in meta:
        return "not recorded"
    data = meta["trained_on"]
    frames = sum(entry["frames"] for entry in data)
    length = format_time(frames * meta["frame_spacing_ps"], 3)
    plural = "trajectory" if len(data) == 1 else "trajectories"
    files = ", ".join(entry["file"] for entry in data[:3])
    more = " ..." if data[3:] else ""
    return f"{len(data)} {plural}, {frames} frames, {length}: {files}{more}"


def run():
    args = parsed(__doc__)
    if args.command == "export":
        export(args)
        return
    from lss.box import load_box

    load_tensorflow()
    print(describe(load_box(args.box)))


if __name__ == "__main__":
    main(run)
