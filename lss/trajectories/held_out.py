"""Held-out MD that is trained on: found by its files and by its frames."""

import numpy as np
from tqdm import tqdm

from lss.errors import InputError
from lss.molecule.atoms import match
from lss.trajectories.shapes import pairs_of_same, shape_atoms, shapes

_SAMPLE = 200  # frames of a held-out trajectory that are looked for in the training MD
_CHUNK = 1000


def refuse_overlap(held_out, training):
    """Raise InputError where held-out MD has frames of the training MD.

    Of each held-out trajectory 200 frames are looked for among all frames of the training MD, which
    is read once. They are taken for the same where three follow one another in both at one pace, or
    where half of all are found: single ones may be a common start, or chance where the molecule has
    few atoms. Where its shapes cannot be told apart at all, only equal files are found.

    Parameters
    ----------
    held_out, training : lss.TrajectorySet
    """
    known = {content: source for source, content in _contents(training)}
    for source, content in _contents(held_out):
        if content in known:
            raise _trained_on(source, known[content], "is the same as")
    atoms = shape_atoms(training.topology)
    sample, owners, numbers, apart = _sample(
        held_out, match(held_out.topology, training.topology.subset(atoms))
    )
    if not apart:
        return
    found = np.zeros(len(sample), bool)
    total = sum(training.n_frames)
    with tqdm(total=total, desc="held-out frames among the training MD", unit="frame") as bar:
        for i in range(len(training.files)):
            rows, columns = _find(training, i, atoms, sample, bar.update)
            found[columns] = True
            for k, name in enumerate(held_out.names):
                here = owners[columns] == k
                enough = np.mean(found[owners == k]) >= 0.5
                if enough or _in_step(rows[here], numbers[columns[here]]):
                    raise _trained_on(name, training.names[i], "holds frames of")


def _contents(trajectories):
    for entry in trajectories.fingerprints():
        if entry["kind"] == "trajectory":
            yield entry["file"], entry["sha256"]


def _trained_on(held_out, training, how):
    return InputError(
        f"{held_out} {how} {training}, which is trained on: give held-out MD of another run"
    )


def _sample(trajectories, atoms):
    """Frames spread over each trajectory.

    Returns
    -------
    shapes : ndarray (n, d)
    owners, numbers : ndarray (n,)
        The trajectory and the number of each frame.
    apart : bool
        Whether frames of one trajectory differ in shape.
    """
    order = np.argsort(atoms)
    found, owners, numbers, apart = [], [], [], True
    for i, n in enumerate(trajectories.n_frames):
        # Two runs may start from one structure.
        wanted = np.unique(np.linspace(min(1, n - 1), n - 1, _SAMPLE).round().astype(int))
        chosen, done = [], 0
        for chunk in trajectories.iterate(i, _CHUNK, atoms[order]):
            here = wanted[(wanted >= done) & (wanted < done + len(chunk))] - done
            chosen.append(shapes(chunk.xyz[here][:, np.argsort(order)]))
            done += len(chunk)
        found.append(np.concatenate(chosen))
        one, two = pairs_of_same(found[-1], found[-1])
        apart &= bool((np.abs(one - two) <= 1).all())  # close in time they may be alike
        owners.append(np.full(len(wanted), i))
        numbers.append(wanted)
    return *map(np.concatenate, (found, owners, numbers)), apart


def _find(trajectories, i, atoms, sample, tick):
    """Frames of one trajectory that are in the sample: their numbers, and those in the sample."""
    rows, columns, done = [], [], 0
    for chunk in trajectories.iterate(i, _CHUNK, atoms):
        one, two = pairs_of_same(shapes(chunk.xyz), sample)
        rows.append(one + done)
        columns.append(two)
        done += len(chunk)
        tick(len(chunk))
    return np.concatenate(rows), np.concatenate(columns)


def _in_step(here, there):
    """Whether three pairs of frame numbers, next to one another, lie on a line."""
    order = np.argsort(there, kind="stable")
    x, y = np.diff(there[order]), np.diff(here[order])
    return bool(((x[1:] * y[:-1] == x[:-1] * y[1:]) & (x[1:] > 0) & (x[:-1] > 0)).any())
