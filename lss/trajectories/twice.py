"""Data used twice: a trajectory that is given twice, and held-out MD that is trained on."""

from collections import defaultdict

import numpy as np
from tqdm import tqdm

from lss.errors import InputError
from lss.molecule.atoms import match
from lss.trajectories.file_search import digest
from lss.trajectories.shapes import pairs_of_same, same, shape_atoms, shapes

_SAMPLE = 200  # frames of a held-out trajectory that are looked for in the training MD
_CHUNK = 1000
#: So many sampled frames found in the training MD are no accident, such as a common start.
_ENOUGH = 2


def refuse_same_files(sources):
    """Raise InputError where a trajectory is given twice, as one file or as two equal ones."""
    places = {}
    for source in sources:
        place = source.resolve() if hasattr(source, "resolve") else id(source)
        if place in places:
            raise InputError(f"{source} is given twice: give each trajectory once")
        places[place] = source
    sizes = defaultdict(list)
    for source in sources:
        size = source.stat().st_size if hasattr(source, "stat") else source.digest()["bytes"]
        sizes[size].append(source)
    for candidates in sizes.values():
        known = {}
        for source in candidates if len(candidates) > 1 else ():
            content = digest(source)["sha256"]
            if content in known:
                raise _twice(known[content], source, "are the same")
            known[content] = source


def refuse_same_frames(sources, n_frames, frames):
    """Raise InputError where the frames of one file are the first or last frames of another.

    Parameters
    ----------
    sources : list of Path or InMemory
    n_frames : list of int
    frames : shapes.Frames
        Files of one frame are left alone: a run may start from it.
    """
    several = [i for i, n in enumerate(n_frames) if n > 1]
    for ends in ([0] * len(sources), [n - 1 for n in n_frames]):
        met = frames.equal([(i, ends[i]) for i in several], [(i, ends[i]) for i in several])
        for a, b in ((several[x], several[y]) for x, y in met if x < y):
            shorter = min(n_frames[a], n_frames[b])
            shifts = [n_frames[i] - shorter if ends[i] else 0 for i in (a, b)]
            # Runs may start from one structure, or end in one; their other frames differ.
            if all(
                same(frames(a, shifts[0] + k), frames(b, shifts[1] + k))
                for k in (0, shorter - 1, shorter // 2, 1)
            ):
                raise _twice(sources[a], sources[b], "hold the same frames")


def _twice(one, two, why):
    return InputError(f"{one} and {two} {why}: give each trajectory once")


def refuse_overlap(held_out, training):
    """Raise InputError where held-out MD has frames of the training MD.

    Of each held-out trajectory 200 frames are looked for among all frames of the training MD, which
    is read once. Where the shapes of a molecule cannot be told apart (two or three atoms), only
    equal files are found.

    Parameters
    ----------
    held_out, training : lss.TrajectorySet
    """
    known = {content: source for source, content in _contents(training)}
    for source, content in _contents(held_out):
        if content in known:
            raise _trained_on(source, known[content], "is the same as")
    atoms = shape_atoms(training.topology)
    there = match(held_out.topology, training.topology.subset(atoms))
    sample, owners, apart = _sample(held_out, there)
    if not apart:
        return
    hits = [set() for _ in held_out.files]
    total = sum(training.n_frames)
    with tqdm(total=total, desc="held-out frames among the training MD", unit="frame") as bar:
        for i in range(len(training.files)):
            for chunk in training.iterate(i, _CHUNK, atoms):
                for found in pairs_of_same(shapes(chunk.xyz), sample)[1]:
                    hits[owners[found]].add(int(found))
                for k, hit in enumerate(hits):
                    if len(hit) >= min(_ENOUGH, int((owners == k).sum())):
                        raise _trained_on(held_out.names[k], training.names[i], "holds frames of")
                bar.update(len(chunk))


def _contents(trajectories):
    for entry in trajectories.fingerprints():
        if entry["kind"] == "trajectory":
            yield entry["file"], entry["sha256"]


def _trained_on(held_out, training, how):
    return InputError(
        f"{held_out} {how} {training}, which is trained on: give held-out MD of another run"
    )


def _sample(trajectories, atoms):
    """Shapes of frames spread over each trajectory, whose they are, and whether they differ."""
    order = np.argsort(atoms)
    found, owners, apart = [], [], True
    for i, n in enumerate(trajectories.n_frames):
        # Two runs may start from one structure.
        wanted = np.unique(np.linspace(min(1, n - 1), n - 1, _SAMPLE).round().astype(int))
        chosen, done = [], 0
        for chunk in trajectories.iterate(i, _CHUNK, atoms[order]):
            here = wanted[(wanted >= done) & (wanted < done + len(chunk))] - done
            chosen.append(shapes(chunk.xyz[here][:, np.argsort(order)]))
            done += len(chunk)
        chosen = np.concatenate(chosen)
        one, two = pairs_of_same(chosen, chosen)
        apart &= bool((np.abs(one - two) <= 1).all())  # close in time they may be alike
        found.append(chosen)
        owners.append(np.full(len(chosen), i))
    return np.concatenate(found), np.concatenate(owners), apart
