"""What the command lines share: the flags, defined once, and how a mistake is reported."""

import argparse
import logging
import os
import sys
import tempfile

from lss.errors import InputError
from lss.units import describe_lag, parse_time

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


def durations(text):
    return [duration(part) for part in text.split(",")]


def positive(text):
    """A whole number of at least 1, as an argparse type."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of at least 1")
    return int(text)


def add_data(p):
    p.add_argument(
        "--traj",
        action="append",
        metavar="FILES",
        help="trajectory files; globs allowed; repeatable",
    )
    p.add_argument(
        "--top", metavar="FILE", help="topology (PDB, GRO, PRMTOP, ...) of the trajectories"
    )
    p.add_argument(
        "--dt",
        type=duration,
        metavar="TIME",
        help="frame spacing, where the files have none, such as DCD",
    )
    p.add_argument(
        "--example", choices=EXAMPLES, help="bundled data; trpcage where no --traj is given"
    )


def add_features(p):
    p.add_argument(
        "--features",
        metavar="LIST",
        help="such as torsions,ca-distances or 'distances:name CB' (default: torsions and CA "
        "distances, as far as the topology has them)",
    )


def add_lag(p):
    p.add_argument(
        "--lag",
        type=duration,
        required=True,
        metavar="TIME",
        help="lag time of the whole simulator, such as 20ns",
    )


def add_srv(p):
    p.add_argument(
        "--modes",
        type=positive,
        default=3,
        metavar="N",
        help="slow modes to learn (default %(default)s)",
    )
    p.add_argument(
        "--srv-steps",
        type=positive,
        metavar="N",
        help="training steps of the SRV (default: chosen by the data)",
    )


def add_mdn(p):
    p.add_argument(
        "--components",
        type=positive,
        default=24,
        metavar="N",
        help="Gaussians of the mixture (default %(default)s)",
    )
    p.add_argument(
        "--mdn-steps",
        type=positive,
        metavar="N",
        help="training steps of the MDN (default: the recipe's)",
    )


def add_cwgan(p):
    p.add_argument(
        "--atoms",
        metavar="SELECTION",
        help="atoms to decode: backbone, heavy, all, or an mdtraj selection (default 'name CA')",
    )
    p.add_argument(
        "--noise-dim",
        type=positive,
        default=50,
        metavar="N",
        help="dimension of the noise (default %(default)s)",
    )
    p.add_argument(
        "--cwgan-steps",
        type=positive,
        metavar="N",
        help="generator updates of the cWGAN (default: the recipe's)",
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


def add_seed(p):
    p.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of all random numbers (default %(default)s)",
    )


def add_force(p):
    p.add_argument("--force", action="store_true", help="overwrite what is there")


def add_out(p):
    p.add_argument("--out", default="run", metavar="RUN", help="run folder (default %(default)s)")


def add_resume(p):
    p.add_argument("--resume", action="store_true", help="go on where the run stopped")


GROUPS = {
    "data": add_data,
    "features": add_features,
    "lag": add_lag,
    "srv": add_srv,
    "mdn": add_mdn,
    "cwgan": add_cwgan,
    "simulation": add_simulation,
    "seed": add_seed,
    "out": add_out,
    "force": add_force,
    "resume": add_resume,
}


def source(args):
    """The data settings of a command line: what `lss.pipeline.open_data` takes."""
    if args.traj and args.example:
        raise InputError("--traj and --example exclude each other; give one")
    if args.traj:
        return {"traj": args.traj, "top": args.top, "dt_ps": args.dt}
    if args.top or args.dt:
        raise InputError("--top and --dt go with --traj; name the trajectory files too")
    return {"example": args.example or "trpcage"}


def load_tensorflow():
    """Import TensorFlow without its start-up messages, for which it has no setting.

    They are written by its C++ parts, past Python's `sys.stderr`. Where the import fails they are
    shown.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryFile() as messages:
        stderr = os.dup(2)
        os.dup2(messages.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            messages.seek(0)
            os.write(stderr, messages.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def open_run(path):
    """Open a run folder for a stage that trains or samples."""
    from lss.run import Run

    run = Run.open(path)
    load_tensorflow()
    return run


def begin(args, lags_ps):
    """Open the data, check and print the lag times, and make the run folder with its features."""
    from lss import pipeline
    from lss.features import split_specs
    from lss.run import Run

    data = source(args)
    trajectories, note = pipeline.open_data(data)
    for lag_ps in lags_ps:
        pipeline.check_lag(lag_ps, trajectories)
        print(describe_lag(lag_ps, trajectories.spacing_ps))
    if note:
        print(f"note: {note}")
    run = Run.create(args.out, force=args.force, resume=args.resume)
    pipeline.make_features(run, data, args.features and split_specs(args.features))
    load_tensorflow()
    return run


def main(function):
    """Run a script's function; a user's mistake is one line on standard error and exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    for package in ("srv", "mdn", "cwgan", "lss"):
        logging.getLogger(package).setLevel(logging.INFO)
    logging.addLevelName(logging.WARNING, "warning")
    logging.addLevelName(logging.INFO, "info")
    try:
        function()
    except (InputError, OSError) as error:
        sys.exit(report(error))
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        sys.exit(130)


def report(error):
    """Say what went wrong in one line; the exit code."""
    message = " ".join(str(error).split())
    print(f"error: {message}", file=sys.stderr)
    return 2
