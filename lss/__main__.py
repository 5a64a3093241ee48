"""A simulator in a box: described in plain words, or its modes written for other programs."""

from pathlib import Path

from lss.commands.cli import load_tensorflow, main, parser
from lss.errors import InputError
from lss.units import format_time

SUFFIXES = {"plumed": ".dat", "openmm": "_modes.py"}
RATIOS = "distances to it, over those between two MD runs (1: as good as a second MD run)"


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

    meta, reference = box.meta, box.reference
    residues = [residue.name for residue in reference.topology.residues]
    selection = f" ({meta['atoms']})" if "atoms" in meta else ""
    specs = own_specs(meta["features"])
    if is_own(meta["features"]):
        specs += " (the user's own: encode takes features, not structures)"
    lines = [
        f"molecule        {reference.n_atoms} decoded atoms{selection} of "
        f"{len(residues)} residues: {'-'.join(residues[:30])}{' ...' if residues[30:] else ''}",
        f"trained on      {training_data(meta)}",
        f"lag time        {format_time(meta['lag_time_ps'])}, the time between synthetic frames",
        f"features        {meta['n_features']}: {specs}",
        f"slow modes      {meta['n_modes']}",
    ]
    times = zip(meta.get("eigenvalues", []), meta.get("timescales_ps", []), strict=False)
    for i, (eigenvalue, timescale_ps) in enumerate(times, start=1):
        slow = "not resolved" if timescale_ps is None else format_time(float(f"{timescale_ps:.3g}"))
        lines.append(f"  psi_{i}         eigenvalue {eigenvalue:.4f}, implied timescale {slow}")
    for network, name in (("mdn", "propagator"), ("cwgan", "decoder")):
        warnings = meta.get(f"{network}_warnings", ["its diagnostics are not recorded"])
        lines += [f"{name:15s} {text}" for text in warnings or ["every diagnostic passed"]]
    ratios = meta.get("ratios_to_second_md_run") or {}
    lines.append(f"second MD run   {RATIOS if ratios else 'not compared with one'}")
    lines += [f"  {label}: {ratio:.2g}" for label, ratio in ratios.items() if ratio is not None]
    lines += [f"note            {meta['note']}"] if meta.get("note") else []
    versions = meta.get("versions", {})
    lines.append("versions        " + ", ".join(f"{k} {v}" for k, v in versions.items()))
    return "\n".join(lines)


def training_data(meta):
    """Trajectories, frames and files; a box that was composed in memory does not know them."""
    if "trained_on" not in meta:
        return "not recorded"
    data = meta["trained_on"]
    frames = sum(entry["frames"] for entry in data)
    length = format_time(float(f"{frames * meta['frame_spacing_ps']:.3g}"))
    plural = "trajectory" if len(data) == 1 else "trajectories"
    files = ", ".join(entry["file"] for entry in data[:3])
    more = " ..." if data[3:] else ""
    return f"{len(data)} {plural}, {frames} frames, {length}: {files}{more}"


def export(args):
    """Write the modes of a box for another program."""
    import numpy as np

    from lss.box import load_box
    from lss.export.write import export_modes, structure_of
    from lss.paths.chosen import training_psi
    from lss.storage.whole_files import replacing

    path = Path(args.out or f"{args.to}{SUFFIXES[args.to]}")
    if path.exists() and not args.force:
        raise InputError(f"{path} exists; give `force` to overwrite it, or `out` another name")
    structure = structure_of(args.box, args.top)
    load_tensorflow()
    box = load_box(args.box)
    psi = training_psi(box, args.box)
    psi = np.concatenate(psi) if isinstance(psi, list) else psi
    text = export_modes(box, args.to, structure, psi)
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
    print(f"{box.meta['n_modes']} modes of {box.meta['n_features']} features -> {path}")


def info(args):
    from lss.box import load_box

    load_tensorflow()
    print(describe(load_box(args.box)))


def run():
    known = parser(__doc__)
    commands = known.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = commands.add_parser("info", help="describe a box in plain words", allow_abbrev=False)
    out = commands.add_parser(
        "export",
        help="write the modes as variables for enhanced sampling with PLUMED or OpenMM",
        allow_abbrev=False,
    )
    for command in (about, out):
        command.add_argument("box", help="box folder (RUN/box) or .lss file")
    out.add_argument("--to", required=True, choices=sorted(SUFFIXES), help="program to write for")
    out.add_argument(
        "--top",
        metavar="FILE",
        help="structure of the system to be biased, with all its atoms (default: that of the run)",
    )
    out.add_argument(
        "--out", metavar="FILE", help="file to write (default plumed.dat or openmm_modes.py)"
    )
    out.add_argument("--force", action="store_true", help="overwrite what is there")
    args = known.parse_args()
    {"info": info, "export": export}[args.command](args)


if __name__ == "__main__":
    main(run)
