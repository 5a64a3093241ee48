"""What is said of the segments of series: what was lost, and what each is called."""

from collections import Counter

import numpy as np

from lss.units import format_time


def lost(cuts, n_rows, segments, n_tables, least):
    """What was cut and lost, in words; nothing where nothing was."""
    kept = sum(len(s) for s in segments)
    if kept == n_rows and len(segments) == n_tables:
        return []
    causes = []
    if cuts.missing:
        causes.append(f"{cuts.missing} with missing values")
    if cuts.short:
        causes.append(f"{cuts.short_rows} in {cuts.short} segments of fewer than {least} rows")
    text = f"{n_rows - kept} of {n_rows} rows are lost"
    text += f" ({', '.join(causes)})" if causes else ""
    gaps = "there"
    if cuts.gaps:
        gaps = f"at {cuts.gaps} gap{'' if cuts.gaps == 1 else 's'} in time"
        gaps += " and at missing values" if cuts.missing else ""
    each = "the series is" if n_tables == 1 else f"the {n_tables} series are"
    plural = "" if len(segments) == 1 else "s"
    return [f"{text}; {each} cut {gaps} into {len(segments)} segment{plural}, and no pair of rows "
            "spans a cut"]  # fmt: skip


def names_of(segments, scheme):
    """What each segment is called: its source, with the time of its first row where it is cut."""
    counts = Counter(s.source for s in segments)
    return [
        s.source if counts[s.source] == 1 else f"{s.source} from {time_text(s.first_ps, scheme)}"
        for s in segments
    ]


def time_text(ps, scheme):
    """A time in words: a date where times are dates."""
    if scheme.dated:
        return str(np.datetime64(round(ps / 1e12), "s")).removesuffix("T00:00:00")
    return format_time(ps)
