"""The flags of the command lines, defined once: a flag means the same in every script."""

import argparse

from lss.errors import InputError
from lss.units import parse_time

EXAMPLES = ("trpcage", "wlall")


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def parser(description, *groups):
    """A parser with the named groups of flags: data, features, lag, srv, mdn, cwgan, out, ..."""
    result = Parser(description=description, allow_abbrev=False)
    for group in groups:
        GROUPS[group](result)
    return result


def duration(text):
    """A time with its unit, in ps, as an argparse type."""
    try:
        return parse_time(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def frame_spacing(text):
    """As `duration`; "file" stays."""
    return text if text == "file" else duration(text)


def durations(text):
    return [duration(part) for part in text.split(",")]


def positive(text):
    """A whole number of at least 1, as an argparse type."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def numbers(text):
    return [positive(part) for part in text.split(",")]


def reals(text):
    """Numbers with commas between them, as an argparse type."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        message = f"'{text}' is not a list of numbers; give one a mode, such as 0.1,-0.2,0.3"
        raise argparse.ArgumentTypeError(message) from None


def index(text):
    """A whole number from 0, as an argparse type."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 0")
    return int(text)


def shard(text):
    """Part I of N, as an argparse type: `3/8` -> (3, 8)."""
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"'{text}' is not a part I/N; give one such as 3/8")
    return int(part), int(parts)


def add_data(p):
    p.add_argument(
        "--traj",
        nargs="+",
        action="extend",
        metavar="FILES",
        help="trajectory files; globs allowed; repeatable",
    )
    p.add_argument(
        "--top", metavar="FILE", help="topology (PDB, GRO, PRMTOP, ...) of the trajectories"
    )
    p.add_argument(
        "--dt",
        type=frame_spacing,
        metavar="TIME",
        help="time between frames, where the files do not say it, such as DCD, or only count "
        "frames; 'file': the times of the files are right",
    )
    p.add_argument(
        "--force-dt",
        action="store_true",
        help="take --dt even where the files have other times, which are wrong",
    )
    p.add_argument(
        "--join",
        action="store_true",
        help="make one trajectory of files that are parts of one run, so that pairs of frames run "
        "over the seams",
    )


def add_example(p):
    p.add_argument(
        "--example",
        choices=EXAMPLES,
        help="bundled data to use where no --traj is given (default trpcage)",
    )


def add_features(p):
    p.add_argument(
        "--features",
        metavar="LIST",
        help="such as torsions,ca-distances or 'distances:name CB' (default: torsions and CA "
        "distances, as far as the topology has them), or files of your own with one array a "
        "trajectory, such as my.npy or my.h5",
    )


def add_lag(p):
    p.add_argument(
        "--lag",
        type=duration,
        required=True,
        metavar="TIME",
        help="lag time of the simulator, the time between its frames, such as 20ns",
    )


def add_srv(p):
    p.add_argument(
        "--modes",
        type=positive,
        default=3,
        metavar="N",
        help="slow modes that the encoder (SRV) learns (default %(default)s)",
    )
    p.add_argument(
        "--srv-steps",
        type=positive,
        metavar="N",
        help="training steps of the encoder (SRV; default: chosen by cross-validation)",
    )


def add_modes_out(p):
    p.add_argument(
        "--drop-modes",
        type=numbers,
        default=[],
        metavar="LIST",
        help="modes to leave out after training, 1 for the slowest, such as 2 or 2,4",
    )
    p.add_argument(
        "--deflate",
        metavar="FILE",
        help="known modes to leave out of the training: a .keras network of the same features, or "
        "an .h5 file with one dataset a trajectory, such as psi.h5 of another run",
    )


def add_mdn(p):
    p.add_argument(
        "--components",
        type=positive,
        default=24,
        metavar="N",
        help="Gaussians that the propagator (MDN) mixes (default %(default)s)",
    )
    p.add_argument(
        "--mdn-steps",
        type=positive,
        metavar="N",
        help="training steps of the propagator (MDN; default 40000)",
    )


def add_cwgan(p):
    p.add_argument(
        "--atoms",
        metavar="SELECTION",
        help="atoms to decode: backbone, heavy, all, or an mdtraj selection (default 'name CA'; "
        "heavy, without water, where there are fewer than four of them)",
    )
    p.add_argument(
        "--noise-dim",
        type=positive,
        default=50,
        metavar="N",
        help="random numbers that the decoder draws for each structure (default %(default)s)",
    )
    p.add_argument(
        "--cwgan-steps",
        type=positive,
        metavar="N",
        help="training steps of the decoder (cWGAN; default 40000)",
    )


def add_simulation(p):
    p.add_argument(
        "--length",
        type=duration,
        metavar="TIME",
        help="length of each synthetic trajectory (default: the longest MD trajectory's)",
    )
    p.add_argument(
        "--trajectories",
        type=positive,
        default=100,
        metavar="N",
        help="synthetic trajectories (default %(default)s)",
    )


def add_start(p):
    p.add_argument(
        "--start",
        metavar="FILE",
        help="trajectory of the same molecule, one frame of which all walkers start from (default: "
        "random frames of the training data)",
    )
    p.add_argument(
        "--start-frame", type=index, metavar="N", help="which frame of --start, from 0 (default 0)"
    )
    p.add_argument("--top", metavar="FILE", help="topology of --start, where it brings none")
    p.add_argument(
        "--start-psi",
        type=reals,
        metavar="LIST",
        help="latent state to start from, such as --start-psi=-0.1,0.2,0.3",
    )


def add_held_out(p):
    p.add_argument(
        "--held-out",
        nargs="+",
        action="extend",
        metavar="FILES",
        help="MD to compare with that is not trained on; globs allowed; repeatable",
    )


def add_seed(p):
    p.add_argument(
        "--seed",
        type=index,
        default=0,
        metavar="N",
        help="seed of all random numbers (default %(default)s)",
    )


def add_steps(p):
    p.add_argument(
        "--steps",
        type=positive,
        metavar="N",
        help="training steps of each network, to see that all works (default: as in the settings)",
    )


def add_dask(p):
    p.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="scheduler of a Dask cluster, such as tcp://node1:8786, whose workers read, project "
        "and sample, one task a trajectory",
    )


def add_force(p):
    p.add_argument("--force", action="store_true", help="overwrite what is there")


def add_out(p):
    p.add_argument("--out", default="run", metavar="RUN", help="run folder (default %(default)s)")


def add_resume(p):
    p.add_argument("--resume", action="store_true", help="continue where the run stopped")


GROUPS = {
    "data": add_data,
    "example": add_example,
    "features": add_features,
    "lag": add_lag,
    "srv": add_srv,
    "modes-out": add_modes_out,
    "mdn": add_mdn,
    "cwgan": add_cwgan,
    "simulation": add_simulation,
    "start": add_start,
    "held-out": add_held_out,
    "seed": add_seed,
    "steps": add_steps,
    "dask": add_dask,
    "out": add_out,
    "force": add_force,
    "resume": add_resume,
}
