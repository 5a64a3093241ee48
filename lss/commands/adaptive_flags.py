"""The flags of adaptive sampling: where the next MD starts, and how a campaign runs it."""

from lss.commands.values import COUNT, FILE, FILES, TIME, above_nothing

STRATEGIES = ("mixed", "counts", "uncertainty", "edges")
TARGETS = ("timescales", "populations", "F")

# As `lss.commands.flags.FLAGS`.
ADAPTIVE = {
    "proposal": [
        (
            "--strategy",
            {"choices": STRATEGIES, "default": "mixed"},
            "counts: cells of psi with few visits; uncertainty: those from where more MD makes the "
            "target surest; edges: ends of what was seen of the torsions; mixed (default): half "
            "edges, the others counts until no new cell appears, then uncertainty",
        ),
        (
            "--target",
            {"choices": TARGETS, "default": "timescales"},
            "what is to be known surer: the slowest timescale, populations, or free energies F "
            "(default %(default)s)",
        ),
    ],
    "campaign": [
        ("--top", FILE | {"required": True}, "structure (PDB) of the whole system"),
        (
            "--starts",
            FILES,
            "structures of the same atoms that the first round starts from (default: --top)",
        ),
        (
            "--forcefield",
            {"metavar": "LIST"},
            "force field files of OpenMM, such as amber99sbildn.xml,amber99_obc.xml",
        ),
        (
            "--runner",
            {"metavar": "COMMAND"},
            "command of another engine, with {start}, {out} (an XTC file) and perhaps {seed}",
        ),
        (
            "--piece",
            TIME | {"required": True},
            "length of each piece of MD, at least 5 lag times, such as 100ps",
        ),
        (
            "--frame-spacing",
            TIME,
            "time between the frames of a piece, without its start (default: a fifth of --lag)",
        ),
        ("--per-round", COUNT | {"default": 10}, "pieces of a round (default %(default)s)"),
        ("--rounds", COUNT | {"default": 20}, "rounds at most (default %(default)s)"),
        (
            "--tolerance",
            {"metavar": "X", "type": above_nothing, "default": 0.2},
            "standard error at which the target is known: of ln t, of populations or of F in kT "
            "(default %(default)s)",
        ),
        (
            "--temperature",
            {"metavar": "K", "type": above_nothing, "default": 300.0},
            "temperature of OpenMM, kelvin (default %(default)s)",
        ),
        (
            "--friction",
            {"metavar": "X", "type": above_nothing, "default": 1.0},
            "friction of OpenMM, 1/ps (default %(default)s)",
        ),
        ("--timestep", TIME | {"default": 0.002}, "time step of OpenMM (default 2fs)"),
    ],
}
