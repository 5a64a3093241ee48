"""`python -m lss COMMAND BOX`: what can be asked of a box without a script of its own."""

from pathlib import Path

from lss.commands.cli import load_tensorflow
from lss.commands.parser import Parser, parser
from lss.errors import InputError

FILES = {"openmm": "openmm_modes.py", "plumed": "plumed.dat"}


def parsed(description):
    """The arguments of the command line, `command` being info or export."""
    known = parser(description)
    known.prog = "python -m lss"
    commands = known.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = commands.add_parser("info", help="describe a box in plain words", allow_abbrev=False)
    out = commands.add_parser(
        "export",
        help="write the modes as variables for enhanced sampling with PLUMED or OpenMM",
        allow_abbrev=False,
    )
    for command in (about, out):
        command.add_argument("box", help="box folder (RUN/box) or .lss file")
    out.add_argument("--to", required=True, choices=sorted(FILES), help="program to write for")
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
    Parser.current = {"info": about, "export": out}[args.command]  # whose flags messages name
    return args


def export(args):
    """Write the modes of a box for another program."""
    import numpy as np

    from lss.box import load_box, no_atoms
    from lss.export.write import export_modes, structure_of
    from lss.paths.chosen import training_psi
    from lss.storage.whole_files import replacing

    path = Path(args.out or FILES[args.to])
    if path.exists() and not args.force:
        raise InputError(f"{path} exists; give `force` to overwrite it, or `out` another name")
    load_tensorflow()
    box = load_box(args.box)
    if box.series is not None:
        raise no_atoms(box.series.columns)
    structure = structure_of(args.box, args.top)
    psi = training_psi(box, args.box)
    psi = np.concatenate(psi) if isinstance(psi, list) else psi
    text = export_modes(box, args.to, structure, psi)
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
    print(f"{box.meta['n_modes']} modes of {box.meta['n_features']} features -> {path}")
