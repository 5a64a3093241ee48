"""The flags of the command lines, defined once: a flag means the same in every script."""

from lss.commands.adaptive_flags import ADAPTIVE
from lss.commands.values import (
    COUNT,
    FILE,
    FILES,
    INDEX,
    LIST,
    SWITCH,
    TIME,
    duration,
    frame_spacing,
    from_nothing,
    no_text,
    numbers,
    or_auto,
    positive,
    reals,
    some,
    yes_or_no,
)

EXAMPLES = ("trpcage", "wlall")


# For each group its flags, with the options of argparse and what --help says.
FLAGS = ADAPTIVE | {
    "data": [
        ("--traj", FILES, "trajectory files; globs allowed; repeatable"),
        ("--top", FILE, "topology (PDB, GRO, PRMTOP, ...) of the trajectories"),
        (
            "--dt",
            TIME | {"type": frame_spacing},
            "time between frames, where the files do not say it, such as DCD, or only count "
            "frames, or of rows; 'file': the times of the files are right",
        ),
        (
            "--force-dt",
            SWITCH,
            "take --dt even where the files have other times, which are wrong",
        ),
        (
            "--join",
            SWITCH,
            "make one trajectory of files that are parts of one run, so that pairs of frames run "
            "over the seams",
        ),
    ],
    "series": [
        (
            "--series",
            FILES,
            "tables of time series in place of trajectories: CSV, TSV, text, .npy, .npz, .h5, "
            ".parquet or NetCDF; globs allowed; repeatable",
        ),
        (
            "--time-column",
            LIST,
            "column of the time in --series, in ISO dates or numbers (then with --dt, the time "
            "between rows), or three: year,month,day",
        ),
        (
            "--columns",
            LIST,
            "columns of --series to simulate, such as a,b (default: all but the time); of a table "
            "without header 4,5 or with names 4=a,5=b",
        ),
        (
            "--missing",
            {"metavar": "LIST", "type": reals, "default": []},
            "numbers that stand for missing values, such as 1e36,999, where --series is cut",
        ),
        (
            "--delays",
            COUNT,
            "rows that the encoder sees at once, this one and those before it (default 1)",
        ),
        (
            "--season",
            TIME,
            "period of a mean cycle that is taken off the columns, and put back when they are "
            "written, such as 1y",
        ),
    ],
    "example": [
        (
            "--example",
            {"choices": EXAMPLES},
            "bundled data to use where no --traj is given (default trpcage)",
        ),
    ],
    "features": [
        (
            "--features",
            {"metavar": "LIST"},
            "such as torsions,ca-distances or 'distances:name CB' (default: torsions and CA "
            "distances, as far as the topology has them), or files of your own with one array a "
            "trajectory, such as my.npy or my.h5",
        ),
    ],
    "lag": [
        (
            "--lag",
            TIME | {"type": or_auto(duration)},
            "lag time of the simulator, the time between its frames, such as 20ns (default: auto, "
            "chosen by a scan as choose_lag.py makes it)",
        ),
    ],
    "srv": [
        (
            "--modes",
            COUNT | {"default": 3, "type": or_auto(positive)},
            "slow modes that the encoder (SRV) learns (default %(default)s); auto: as many as "
            "raise the score of data that are not trained on",
        ),
        (
            "--srv-steps",
            COUNT,
            "training steps of the encoder (SRV; default: chosen by cross-validation)",
        ),
    ],
    "weights": [
        (
            "--weights",
            {"metavar": "WAY", "default": "auto", "type": no_text},
            "weights of the frames, where the trajectories did not start in equilibrium: auto (if "
            "they did not, rite), koopman, rite, none, or an .h5 file with one dataset a "
            "trajectory (default %(default)s)",
        ),
    ],
    "balance": [
        (
            "--reversible",
            {"metavar": "auto|yes|no", "default": "auto", "type": or_auto(yes_or_no)},
            "whether detailed balance is taken for granted; auto: of MD, and of time series that "
            "do not go round (default %(default)s)",
        ),
    ],
    "modes-out": [
        (
            "--drop-modes",
            {"metavar": "LIST", "type": numbers, "default": []},
            "modes to leave out after training, 1 for the slowest, such as 2 or 2,4",
        ),
        (
            "--deflate",
            FILE,
            "known modes to leave out of the training: a .keras network of the same features, or "
            "an .h5 file with one dataset a trajectory, such as psi.h5 of another run",
        ),
    ],
    "mdn": [
        (
            "--components",
            COUNT | {"default": 24},
            "Gaussians that the propagator (MDN) mixes (default %(default)s)",
        ),
        ("--mdn-steps", COUNT, "training steps of the propagator (MDN; default 40000)"),
        (
            "--replicas",
            {"metavar": "K", "type": some, "default": 0},
            "propagators to train on bootstrap samples of the trajectories, for error bars that "
            "hold what the MD leaves open; 8 double the time of this training (default 0)",
        ),
    ],
    "cwgan": [
        (
            "--atoms",
            {"metavar": "SELECTION"},
            "atoms to decode: backbone, heavy, all, or an mdtraj selection (default 'name CA'; "
            "heavy, without water, where there are fewer than four of them)",
        ),
        (
            "--noise-dim",
            COUNT | {"default": 50},
            "random numbers that the decoder draws for each structure (default %(default)s)",
        ),
        ("--cwgan-steps", COUNT, "training steps of the decoder (cWGAN; default 40000)"),
        (
            "--discard",
            {"metavar": "TIME", "type": from_nothing},
            "time to leave out at the start of each trajectory when the decoder is trained, such "
            "as 0ps (default: one lag time where frames have weights, else nothing)",
        ),
    ],
    "simulation": [
        (
            "--length",
            TIME,
            "length of each synthetic trajectory (default: the longest MD trajectory's)",
        ),
        (
            "--trajectories",
            COUNT | {"default": 100},
            "synthetic trajectories (default %(default)s)",
        ),
    ],
    "box": [
        (
            "--box",
            {"required": True},
            "trained simulator: box folder (RUN/box) or .lss file",
        ),
    ],
    "start": [
        (
            "--start",
            FILE,
            "trajectory of the same molecule, one frame of which all walkers start from (default: "
            "random frames of the training data)",
        ),
        ("--start-frame", INDEX, "which frame of --start, from 0 (default 0)"),
        ("--top", FILE, "topology of --start, where it brings none"),
        (
            "--start-psi",
            {"metavar": "LIST", "type": reals},
            "latent state to start from, such as --start-psi=-0.1,0.2,0.3",
        ),
    ],
    "states": [
        (
            "--states",
            {"metavar": "TEXT"},
            "states by conditions on the modes, such as 'folded: psi1 < -0.4; unfolded: psi1 > 0.6 "
            "and psi2 < 1' (default: A and B, the cores of the slowest mode in the report)",
        ),
        (
            "--state",
            {"metavar": "NAME=FILE", "action": "append"},
            "a state by a structure, such as folded=native.pdb, with --radius; repeatable",
        ),
        (
            "--radius",
            {"metavar": "LENGTH"},
            "largest RMSD of the decoded atoms from the structure of --state, such as 0.3nm",
        ),
    ],
    "held-out": [
        (
            "--held-out",
            FILES,
            "MD to compare with that is not trained on; globs allowed; repeatable",
        ),
    ],
    "seed": [
        ("--seed", INDEX | {"default": 0}, "seed of all random numbers (default %(default)s)"),
    ],
    "steps": [
        (
            "--steps",
            COUNT,
            "training steps of each network, to see that all works (default: as in the settings)",
        ),
    ],
    "dask": [
        (
            "--dask",
            {"metavar": "ADDRESS"},
            "scheduler of a Dask cluster, such as tcp://node1:8786, whose workers read, project "
            "and sample, one task a trajectory",
        ),
    ],
    "force": [("--force", SWITCH, "overwrite what is there")],
    "out": [("--out", {"metavar": "RUN", "default": "run"}, "run folder (default %(default)s)")],
    "resume": [("--resume", SWITCH, "continue where the run stopped")],
}
