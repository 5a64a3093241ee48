"""How a command line begins and ends: the run folder, TensorFlow, and mistakes in one line."""

import logging
import os
import shlex
import signal
import sys

from lss.commands.parser import parser
from lss.commands.values import duration, durations, positive, shard
from lss.commands.wording import PACKAGES, Formatter, mistake, say
from lss.errors import InputError
from lss.storage.c_output import silenced
from lss.storage.signals import Interrupted
from lss.units import describe_lag

__all__ = [
    "begin",
    "duration",
    "durations",
    "load_tensorflow",
    "main",
    "open_run",
    "parser",
    "positive",
    "say",
    "settle",
    "shard",
]

# Scripts without the flag: they begin again what was not finished.
ALWAYS_RESUME = (
    *("train_mdn.py", "train_cwgan.py", "validate.py", "paths.py", "propose_md.py"),
    "reproduce_four_well.py",
)


def source(args):
    """The data settings of a command line: what `lss.run.inputs.open_data` takes."""
    if getattr(args, "series", None):
        return series_source(args)
    if hasattr(args, "series"):
        refuse_given(args, SERIES, "go with --series, the tables of time series: name them too")
    if args.traj and args.example:
        raise InputError("--traj and --example cannot be combined; give one")
    if args.traj:
        # Only what is set, so that a run folder of an earlier version can be gone on with.
        options = {name: True for name in ("force_dt", "join") if getattr(args, name)}
        return {"traj": args.traj, "top": args.top, "dt_ps": args.dt, **options}
    if args.top or args.dt or args.force_dt or args.join:
        raise InputError(
            "--top, --dt, --force-dt and --join go with --traj; name the trajectory files too"
        )
    return {"example": args.example or "trpcage"}


# Flags of time series, and flags of molecules, by their names among the arguments.
SERIES = ("time_column", "columns", "missing", "delays", "season")
MOLECULE = ("traj", "top", "force_dt", "join", "example", "features", "atoms")


def series_source(args):
    """As `source`, of time series."""
    refuse_given(args, MOLECULE, "cannot be combined with --series, which has no atoms: leave out")
    if args.dt == "file":
        raise InputError("--dt file cannot be combined with --series; give a time, such as '1 d'")
    found = {"series": args.series, "dt_ps": args.dt, "time_column": args.time_column}
    found |= {"columns": args.columns, "missing": args.missing}
    return found | {"delays": args.delays or 1, "season_ps": args.season}


def refuse_given(args, names, reason):
    """InputError where one of some flags was given."""
    given = [name for name in names if getattr(args, name, None)]
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"{flags} {reason}")


def load_tensorflow():
    """Import TensorFlow without its start-up messages; where the import fails they are shown."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced(2):
        import tensorflow as tf
    # It warns of functions that are traced for many models; here each lag and fold is a new model.
    tf.get_logger().setLevel(logging.ERROR)


def open_run(path):
    """Open a run folder for a stage that trains or samples."""
    from lss.run.run_folder import Run

    run = Run.open(path)
    load_tensorflow()
    return run


def begin(args, lags_ps):
    """Open the data, check and print the lag times, and make the run folder with its features."""
    from lss.features.featurizer import split_specs
    from lss.run import inputs, stages
    from lss.run.kinds import kind_of
    from lss.run.run_folder import Run
    from lss.storage import processes

    lags_ps = [lag_ps for lag_ps in lags_ps if lag_ps]  # none where the data choose it
    data = source(args)
    trajectories, note = inputs.open_data(data)
    for lag_ps in lags_ps:
        inputs.check_lag(lag_ps, trajectories, "lags" if hasattr(args, "lags") else "lag")
        print(describe_lag(lag_ps, trajectories.spacing_ps))
    kind = kind_of(trajectories)
    specs = split_specs(args.features) if args.features else None
    check_later_stages(args, kind, specs, lags_ps)
    if note:
        say(f"note: {note}")
    # A mistake in them must not cost the run that --force overwrites.
    kind.featurizer(specs)
    run = Run.create(args.out, force=args.force, resume=args.resume)
    run.scheduler = getattr(args, "dask", None) or processes.LOCAL
    stages.make_features(run, data, specs)
    load_tensorflow()
    return run


def settle(args, run):
    """Lag time and number of modes of a command line; those that the data choose are printed."""
    from lss.run import automatic, inputs

    weights = None if getattr(args, "deflate", None) else args.weights  # as the training has it
    options = {"seed": args.seed, "steps": args.srv_steps, "reversible": args.reversible}
    lag_ps, modes, said = automatic.settle(run, args.lag, args.modes, weights=weights, **options)
    for line in said:
        say(line)
    if getattr(args, "length", None):
        inputs.steps_of(args.length, lag_ps)
    return lag_ps, modes


def check_later_stages(args, kind, specs, lags_ps):
    """Refuse at once what a stage after hours of training would refuse."""
    from lss.run import inputs
    from lss.storage import processes

    kind.check_later(args)
    if getattr(args, "drop_modes", None) and args.modes:
        inputs.check_drop_modes(args.drop_modes, args.modes)
    if getattr(args, "length", None) and lags_ps:
        inputs.steps_of(args.length, max(lags_ps))
    if getattr(args, "held_out", None):
        kind.check_held_out(args.held_out, specs)
    if getattr(args, "dask", None):
        processes.check(args.dask)


def main(function):
    """Run a script's function; a user's mistake is one line on standard error and exit code 2."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for package in PACKAGES:
        logging.getLogger(package).setLevel(logging.INFO)
    # Its scores and timescales in frames; the tables of the scripts have units.
    logging.getLogger("srv.fitting").setLevel(logging.WARNING)
    logging.addLevelName(logging.WARNING, "warning")
    logging.addLevelName(logging.INFO, "info")
    signal.signal(signal.SIGTERM, stopped)
    try:
        function()
    except (InputError, OSError) as error:
        sys.exit(report(error))
    except KeyboardInterrupt as stop:
        number = getattr(stop, "signal", signal.SIGINT)
        print(
            f"{str(stop) or 'interrupted; what was finished is kept'}; continue with: "
            f"{resuming(sys.argv)}",
            file=sys.stderr,
        )
        sys.exit(128 + number)


def stopped(number, frame):
    """What SIGTERM does, which queues send: the same as Ctrl-C."""
    raise Interrupted("stopped; what was finished is kept", number)


def resuming(argv):
    """The command line that goes on where another one was interrupted."""
    script, *rest = argv
    words = [word for word in rest if word not in ("--force", "--resume")]
    more = [] if os.path.basename(script) in ALWAYS_RESUME else ["--resume"]
    return shlex.join(["python", script, *words, *more])


def report(error):
    """Say what went wrong in one line; the exit code."""
    print(f"error: {mistake(error)}", file=sys.stderr)
    return 2
