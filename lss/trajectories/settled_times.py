"""One time between frames for a set of files, from what they say and what the user says.

Files say it, or say nothing (no times in the format or in the file), or only count frames (times
0, 1, 2, ... as converters write them), or say something wrong. Only times of the first kind are
taken without a word from the user.
"""

import math
import numbers
import os

from lss.errors import InputError
from lss.trajectories.frame_spacing import AKMA_PS, Spacing, spacing_from_times
from lss.units import format_time

#: In place of a time between frames: the user says that the times of the files are right.
FILE = "file"
#: What the time between frames is called where the user gave it.
DT = "`dt`"
_LABEL = (
    "The times in {} only count frames. The time between two frames is taken to be {}, as was "
    "given, and all times follow from that."
)
_FORCED = (
    "The times in {} ({}) were set aside on purpose. The time between two frames is taken to be "
    "{}, as was given, and all times follow from that."
)


def check_dt(dt, dt_name, force):
    """InputError unless `dt` is a time in ps, "file" or None, and with it where forced."""
    if force and (dt is None or dt == FILE):
        raise InputError("`force_dt` is nothing without a time: give `dt` too, like 200ps")
    if dt is None or dt == FILE:
        return
    if not isinstance(dt, numbers.Real) or isinstance(dt, bool) or not 0 < dt < math.inf:
        raise InputError(f"{dt_name} is {dt!r} ps: it must be greater than zero and finite")


def own_spacings(scans, sources, force=False):
    """The spacing that each file states, or None; see `frame_spacing.spacing_from_times`.

    Where `force` is set, times that are no times of equally spaced frames are no error: their
    spacing is not a number, which agrees with nothing.
    """
    found = []
    for scan, source in zip(scans, sources, strict=True):
        try:
            known = scan.times is not None
            found.append(spacing_from_times(scan.times, source, scan.steps) if known else None)
        except InputError:
            if not force:
                raise
            found.append(Spacing(math.nan, 0.0, False))
    return found


def settle(spacings, sources, n_frames, dt, dt_name=DT, force=False):
    """Settle on one time between frames.

    Parameters
    ----------
    spacings : list of (Spacing or None)
        Of each file; see `own_spacings`.
    sources : list of str
        The files, for messages.
    n_frames : list of int
        Frames in each file: a file of one frame need not know the spacing.
    dt : float, "file" or None
        What the user says: a time in ps, or that the times of the files are right.
    dt_name : str
        Where `dt` comes from, for messages.
    force : bool
        `dt` is right whatever the files say.

    Returns
    -------
    ps : float
    note : str or None
        What every output must say of the times: that they follow from `dt` alone.

    Raises
    ------
    InputError
        If nothing tells the spacing, times only count frames, or two files, or a file and `dt`,
        contradict each other.
    """
    known = [(s, f) for s, f in zip(spacings, sources, strict=True) if s is not None]
    if dt is not None and dt != FILE:
        return dt, _check_against(known, dt, dt_name, force)
    for spacing, source, n in zip(spacings, sources, n_frames, strict=True):
        if spacing is None and n > 1:
            raise InputError(
                f"{source}: the file does not tell the time between its frames: give it with "
                "`dt`, like 200ps"
            )
        if spacing is not None and spacing.counts_frames and dt is None:
            raise _only_counts(spacing, source)
    if not known:
        raise InputError("no file tells the time between its frames: give it with `dt`, like 200ps")
    best, best_source = min(known, key=lambda pair: pair[0].uncertainty_ps / pair[0].ps)
    for spacing, source in known:
        if not spacing.agrees_with(best.ps, best.uncertainty_ps):
            raise InputError(
                f"{source}: its frames are {format_time(spacing.ps)} apart, those of "
                f"{best_source} {format_time(best.ps)}: use trajectories of one frame spacing"
            )
    return best.ps, None


def _only_counts(spacing, source):
    step = format_time(spacing.ps)
    counted = "steps (they are the step numbers)"
    if spacing.ps == 1:
        counted = "frames (0, 1, 2, ... ps)"
    elif spacing.agrees_with(AKMA_PS, 1e-6):
        counted = f"frames (0, 1, 2, ... units of CHARMM, {step})"
    return InputError(
        f"{source}: its times only count {counted}: give `dt`, the time between two frames, like "
        f"200ps, or `dt` file where {step} is right"
    )


def _check_against(known, dt_ps, dt_name, force):
    """Compare what the files say with `dt`; the note, where they are overruled."""
    counting, wrong = [], []
    for spacing, source in known:
        if spacing.agrees_with(dt_ps):
            continue
        (counting if spacing.counts_frames else wrong).append((spacing, source))
    if wrong and not force:
        raise _contradiction(*wrong[0], dt_ps, dt_name)
    if wrong:
        spacing = wrong[0][0]
        said = f"{format_time(spacing.ps)} apart" if math.isfinite(spacing.ps) else "irregular"
        return _FORCED.format(_listed([f for _, f in wrong + counting]), said, format_time(dt_ps))
    if counting:
        return _LABEL.format(_listed([f for _, f in counting]), format_time(dt_ps))
    return None


def _contradiction(spacing, source, dt_ps, dt_name):
    advice = "give files of the same frame spacing"
    if dt_name == DT:
        advice = "leave `dt` out, give the right one, or set wrong times aside with `force_dt`"
    return InputError(
        f"{source}: its frames are {format_time(spacing.ps)} apart but {dt_name} says "
        f"{format_time(dt_ps)}: {advice}"
    )


def _listed(sources):
    more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    return f"{os.path.basename(sources[0])}{more}"
