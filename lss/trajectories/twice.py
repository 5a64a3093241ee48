"""Data used twice: a trajectory that is given twice."""

from collections import defaultdict

from lss.errors import InputError
from lss.trajectories.file_search import digest
from lss.trajectories.shapes import same


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
    several = [i for i, n in enumerate(n_frames) if frames.differ(i, n)]
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
