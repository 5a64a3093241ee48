"""Parts of one run among the files of a set, recognised by times, equal frames and names."""

import logging
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from lss.trajectories.shapes import same
from lss.units import format_time

logger = logging.getLogger(__name__)


def look(files, clocks, frames, join):
    """Say which files are parts of one run, or join them.

    Parameters
    ----------
    files : list of lss.trajectories.parts.Part
    clocks : list of (Clock or None)
        See `clock`.
    frames : lss.trajectories.shapes.Frames
        Of the files.
    join : bool

    Returns
    -------
    trajectories : list of list of lss.trajectories.parts.Part
    notes : list of str
        What every output must say: what could be joined.
    """
    names, counts = [str(part.source) for part in files], [part.n_frames for part in files]
    seams, unclear = find_seams(names, counts, clocks, frames)
    said = describe(seams, names, counts, join) if seams else None
    if join:
        for sentence in left_apart(names, clocks, seams, unclear):
            logger.warning("%s", sentence)
        if seams:
            logger.info("%s", said)
        return joined(files, seams), []
    if seams:
        logger.warning("%s; give `join` to join them", said)
    return [[part] for part in files], [said] if seams else []


@dataclass(frozen=True)
class Clock:
    """First and last time of a file and the time between its frames, **ps**, as it says."""

    first: float
    last: float
    step: float

    @property
    def tolerance(self):
        """By how much a time may be off: rounding to single precision, and some."""
        largest = max(abs(self.first), abs(self.last))
        return 0.01 * self.step + 2 * float(np.spacing(np.float32(largest)))


@dataclass(frozen=True)
class Seam:
    """File `after` goes on where file `before` has `kept` frames.

    Attributes
    ----------
    before, after : int
        Numbers of the files.
    kept : int
        Frames of the earlier file before the later one begins.
    rank : int
        0 for equal frames at the seam, 1 for names that continue, 2 for times alone.
    why : str
    """

    before: int
    after: int
    kept: int
    rank: int
    why: str


def clock(scan, spacing):
    """The times of a file, or None where it has none or they are of no use."""
    if spacing is None or not np.isfinite(spacing.ps):
        return None
    return Clock(float(scan.times[0]), float(scan.times[-1]), spacing.ps)


def find_seams(names, n_frames, clocks, frames):
    """Find the files that go on where another one ends.

    Parameters
    ----------
    names : list of str
    n_frames : list of int
        Files of one frame are left alone: several runs may start from it.
    clocks : list of (Clock or None)
    frames : shapes.Frames

    Returns
    -------
    seams : list of Seam
        No file before two others or after two others, and no circle. Where several files could be
        next by their times, those with equal frames are taken before those whose names continue.
    unclear : list of Seam
        Those among which that leaves a choice; none of them is a seam.
    """
    several = [i for i, n in enumerate(n_frames) if n > 1]
    candidates = _by_frames(several, n_frames, frames)
    met = {(seam.before, seam.after) for seam in candidates}
    candidates += [
        seam for seam in _by_times(several, names, n_frames, clocks, frames)
        if (seam.before, seam.after) not in met
    ]  # fmt: skip
    following, before = {}, {}
    for rank in range(3):
        free = [
            s
            for s in candidates
            if s.rank == rank and s.before not in following and s.after not in before
        ]
        left, right = Counter(s.before for s in free), Counter(s.after for s in free)
        for seam in free:
            unique = left[seam.before] == right[seam.after] == 1
            if unique and not _leads_to(seam.after, seam.before, following):
                following[seam.before] = before[seam.after] = seam
    unclear = [s for s in candidates if s.before not in following and s.after not in before]
    return sorted(following.values(), key=lambda seam: seam.before), unclear


def _by_frames(several, n_frames, frames):
    """Seams at which the last frame of one file is the first of another."""
    several = [i for i in several if frames.differ(i, n_frames[i])]
    ends = [(i, n_frames[i] - 1) for i in several]
    starts = [(i, 0) for i in several]
    why = "the last frame of one is the first frame of the next"
    found = [(several[x], several[y]) for x, y in frames.equal(ends, starts)]
    return [Seam(a, b, n_frames[a] - 1, 0, why) for a, b in found if a != b]


def _by_times(several, names, n_frames, clocks, frames):
    timed = [i for i in several if clocks[i] is not None]
    starts = np.array([clocks[i].first for i in timed])
    for a in timed:
        reach = clocks[a].last + 2 * clocks[a].step
        for k in np.flatnonzero((starts > clocks[a].first) & (starts <= reach)):
            if timed[k] != a:
                yield from _candidate(a, timed[k], names, n_frames, clocks, frames)


def _candidate(a, b, names, n_frames, clocks, frames):
    """The seam from file `a` to file `b` that their times allow, as a list of one, or none."""
    one, two = clocks[a], clocks[b]
    if abs(one.step - two.step) > one.tolerance:
        return []
    tolerance = one.tolerance + two.tolerance
    named = names_continue(names[a], names[b])
    if abs(two.first - one.last - one.step) <= tolerance:
        why = "their times continue" + (", and so do their names" if named else "")
        return [Seam(a, b, n_frames[a], 1 if named else 2, why)]
    kept = round((two.first - one.first) / one.step)
    on_a_frame = abs(one.first + kept * one.step - two.first) <= tolerance
    if not (on_a_frame and 0 < kept < n_frames[a] and two.last > one.last + tolerance):
        return []
    # Times of independent runs may overlap as well: names or an equal frame must speak too.
    telling = (named or abs(a - b) == 1) and frames.differ(a, n_frames[a])
    if telling and same(frames(a, kept), frames(b, 0)):
        return [Seam(a, b, kept, 0, "their times overlap, and a frame is the same")]
    return [Seam(a, b, kept, 1, "their times overlap and their names continue")] if named else []


def _leads_to(start, goal, following):
    while start in following:
        start = following[start].after
    return start == goal


def names_continue(one, two):
    """Whether a name differs by a number that is one higher, or by more at its end.

    As `md.part0001.xtc` and `md.part0002.xtc`, or `md.xtc` and `md.part0002.xtc`.
    """
    numbers = [re.split(r"(\d+)", name) for name in (one, two)]
    differ = [(x, y) for x, y in zip(*numbers, strict=False) if x != y]
    if len(numbers[0]) == len(numbers[1]) and len(differ) == 1:
        x, y = differ[0]
        if x.isdecimal() and y.isdecimal():
            return int(y) == int(x) + 1
    stem, longer = _stem(one), _stem(two)
    return longer.startswith(stem) and not re.match(r"\d|$", longer[len(stem) :])


def _stem(name):
    return str(Path(name).with_suffix(""))


def joined(files, seams):
    """Files as trajectories, those with a seam between them as one.

    Parameters
    ----------
    files : list of lss.trajectories.parts.Part
    seams : list of Seam

    Returns
    -------
    list of list of lss.trajectories.parts.Part
    """
    following = {seam.before: seam for seam in seams}
    later = {seam.after for seam in seams}
    found = []
    for i in range(len(files)):
        if i in later:
            continue
        found.append([])
        while i in following:
            found[-1].append(replace(files[i], n_frames=following[i].kept))
            i = following[i].after
        found[-1].append(files[i])
    return found


def left_apart(names, clocks, seams, unclear):
    """Why files that one could think parts of one run are not joined: sentences."""
    ends, starts = {seam.before for seam in seams}, {seam.after for seam in seams}
    for a, b in pairwise(range(len(names))):
        one, two = clocks[a], clocks[b]
        if one is None or two is None or a in ends or b in starts:
            continue
        missing = two.first - one.last - one.step
        if _one_template(names[a], names[b]) and missing > one.tolerance + two.tolerance:
            yield (
                f"{names[b]} begins {format_time(missing + one.step)} after the last frame of "
                f"{names[a]}: a part is missing between them, and they are not joined"
            )
    if unclear:
        yield (
            f"{names[unclear[0].after]} could go on from {names[unclear[0].before]}, but so could "
            "others: what continues what cannot be told, and they are not joined; number the parts "
            "of each run in their names"
        )
    if not seams and not unclear:
        yield "nothing was joined: no two files look like parts of one run"


def _one_template(one, two):
    return one != two and re.sub(r"\d+", "0", one) == re.sub(r"\d+", "0", two)


def describe(seams, names, n_frames, joined):
    """What was seen, and what was done about it, in one sentence."""
    first = seams[0]
    more = f", and {len(seams) - 1} more pairs" if len(seams) > 1 else ""
    pair = f"{names[first.before]} and {names[first.after]}"
    shared = sum(n_frames[seam.before] - seam.kept for seam in seams)
    frames = f"{shared} shared frame{'' if shared == 1 else 's'}"
    if joined:
        once = f"; {frames} counted once" if shared else ""
        return f"joined as parts of one run ({first.why}): {pair}{more}{once}"
    twice = f", and {frames} counted twice" if shared else ""
    return (
        f"{pair} look like parts of one run ({first.why}){more}; they are not joined, so that no "
        f"pair of frames runs over the seam{twice}; give `join` to make them one trajectory"
    )
