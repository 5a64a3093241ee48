"""Data, lag, atoms and lengths that a command line names, opened and checked."""

import functools
import json
from pathlib import Path

from lss.errors import InputError
from lss.examples import example
from lss.molecule import selection
from lss.molecule.atoms import describe_atom, is_alpha_carbon, is_calcium
from lss.run.run_folder import Run
from lss.series.held_out import refuse_same_rows
from lss.series.series_set import SeriesSet
from lss.trajectories.held_out import refuse_overlap
from lss.trajectories.trajectory_set import TrajectorySet
from lss.units import format_time, lag_in_frames

FEWEST_ATOMS = 3  # that can be superposed and have a shape
FEWEST_CA = 4  # whose trace shows how a chain is folded


def open_data(source):
    """Open the trajectories that a run was told to use.

    Parameters
    ----------
    source : dict
        Either `example` (a name), or `traj` (patterns), `top` and `dt_ps`, and where they are set
        `force_dt` and `join`: see `TrajectorySet.open`; or `series` (patterns) and other arguments
        of `SeriesSet.open`.

    Returns
    -------
    trajectories : lss.TrajectorySet or lss.SeriesSet
    note : str or None
        What every output that uses these data must say.
    """
    return _open(json.dumps(source, sort_keys=True))


@functools.cache
def _open(source):
    """Each stage opens the data; they are scanned once in a process."""
    source = json.loads(source)
    if source.get("example"):
        data = example(source["example"])
        return TrajectorySet.open(data.files, data.top, data.dt_ps), data.note
    if source.get("series"):
        opened = SeriesSet.open(source.pop("series"), **source)
        return opened, " ".join(opened.notes) or None
    options = {name: source.get(name, False) for name in ("force_dt", "join")}
    opened = TrajectorySet.open(source["traj"], source["top"], source["dt_ps"], **options)
    return opened, " ".join(opened.notes) or None


def open_held_out(held_out, trajectories):
    """Open data that were not trained on, as those that were: with their topology, for one.

    Parameters
    ----------
    held_out : list of str
        File names and globs.
    trajectories : lss.TrajectorySet or lss.SeriesSet
        What is trained on.

    Returns
    -------
    lss.TrajectorySet or lss.SeriesSet

    Raises
    ------
    InputError
        As when it was opened, and where frames of it are trained on; the message begins with
        `held_out`.
    """
    patterns = (held_out,) if isinstance(held_out, str) else tuple(held_out)
    return _open_held_out(patterns, trajectories)


@functools.cache
def _open_held_out(patterns, training):
    """Looked at before the training, and used after it."""
    try:
        if isinstance(training, SeriesSet):
            opened = training.open(
                patterns, dt_ps=training.dt_ps, like=training, **training.options
            )
            refuse_same_rows(opened, training)
            return opened
        opened = TrajectorySet.open(
            patterns,
            training.top,
            training.spacing_ps,
            dt_name="the training MD",
            **training.options,
        )
        refuse_overlap(opened, training)
        return opened
    except InputError as error:
        raise InputError(f"`held_out`: {error}") from error


def data_around(box):
    """The MD of the run folder that a box lies in, or None where it lies in none.

    Parameters
    ----------
    box : str or pathlib.Path

    Returns
    -------
    lss.TrajectorySet or None

    Raises
    ------
    InputError
        Where the trajectories of the run are not there any more.
    """
    folder = Path(box).parent
    if not (folder / "run.json").is_file():
        return None
    return open_data(Run.open(folder).settings("features")["source"])[0]


def check_held_out(featurizer):
    """InputError where structures of held-out MD cannot be encoded."""
    if featurizer.own:
        raise InputError(
            f"`held_out` cannot be combined with features of your own "
            f"({', '.join(featurizer.specs)}), which are not known for the held-out MD: leave "
            "`held_out` out, or give features as words"
        )


def check_lag(lag_ps, trajectories, name="lag"):
    """The lag time in frames; InputError where no trajectory is longer.

    Parameters
    ----------
    lag_ps : float
        Lag time, **ps**.
    trajectories : lss.TrajectorySet
    name : str
        The argument, for the error message.
    """
    lag = lag_in_frames(lag_ps, trajectories.spacing_ps, f"`{name}`")
    longest = max(trajectories.n_frames)
    if lag >= longest:
        raise InputError(
            f"`{name}` is {format_time(lag_ps)}, longer than every trajectory (the longest lasts "
            f"{format_time((longest - 1) * trajectories.spacing_ps)}); give a shorter lag or "
            "longer trajectories"
        )
    return lag


def check_drop_modes(drop_modes, modes):
    """InputError where modes to leave out, 1 for the slowest, are not some of those learned."""
    beyond = [i for i in drop_modes if i > modes]
    if beyond or len(set(drop_modes)) >= modes:
        dropped = ",".join(map(str, drop_modes))
        problem = f"but only {modes} are learned" if beyond else "which leaves none"
        raise InputError(
            f"`drop_modes` is {dropped}, {problem}; drop fewer modes, or raise `modes`"
        )


def default_atoms(molecule):
    """The selection that is decoded by default.

    Alpha carbons where there are at least four, else all heavy atoms but those of water.

    Parameters
    ----------
    molecule : mdtraj.Topology

    Returns
    -------
    str
    """
    if sum(map(is_alpha_carbon, molecule.atoms)) < FEWEST_CA:
        return selection.solute_heavy(molecule)
    ions = {a.residue.name for a in molecule.atoms if a.name == "CA" and is_calcium(a)}
    others = "".join(f" and not resname '{name}'" for name in sorted(ions))
    return f"name CA{others}"


def decoded_atoms(molecule, atoms):
    """Numbers of the atoms to decode; InputError where a structure of them has no shape.

    Parameters
    ----------
    molecule : mdtraj.Topology
    atoms : str
        A selection; see `lss.molecule.selection.select`.

    Returns
    -------
    np.ndarray of int, shape (n,)
    """
    selected = selection.select(molecule, atoms)
    if len(selected) < FEWEST_ATOMS:
        raise InputError(
            f"`atoms` is {atoms!r}, which selects {describe_atom(molecule.atom(selected[0]))}"
            f"{' and one more atom' if len(selected) > 1 else ' alone'}, wanted at least "
            f"{FEWEST_ATOMS} atoms; select more, such as 'heavy'"
        )
    return selected


def steps_of(length_ps, lag_ps):
    """Whole lag times within a length; InputError where there is none."""
    n_steps = int(length_ps / lag_ps + 1e-9)
    if n_steps < 1:
        raise InputError(
            f"`length` is {format_time(length_ps)}, shorter than the lag time "
            f"{format_time(lag_ps)}; give at least one lag time"
        )
    return n_steps
