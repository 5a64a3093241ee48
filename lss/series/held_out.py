"""Held-out series: of the same columns and times, and not trained on, found by their rows."""

from lss.errors import InputError
from lss.units import format_time

#: Consecutive rows that two series do not share by chance, if enough of them differ.
WINDOW, DIFFERENT = 50, 10


def refuse_same_rows(held_out, training):
    """Raise InputError where held-out series have a stretch of rows of the training data.

    Of each held-out segment every stretch of 50 rows end to end is looked for at every place of
    the training data. Stretches of fewer than ten different rows, such as of a count that hardly
    changes, may be there twice by chance, and are left out.

    Parameters
    ----------
    held_out, training : lss.SeriesSet
    """
    wanted = {}
    for name, segment in zip(held_out.names, held_out.segments, strict=True):
        values = segment.values
        window = min(WINDOW, len(values))
        for start in range(0, len(values) - window + 1, window):
            rows = [row.tobytes() for row in values[start : start + window]]
            if len(set(rows)) >= DIFFERENT:
                wanted.setdefault(rows[0], []).append((name, b"".join(rows)))
    for name, segment in zip(training.names, training.segments, strict=True):
        rows = [row.tobytes() for row in segment.values]
        whole, width = b"".join(rows), len(rows[0])
        for i, row in enumerate(rows):
            for other, stretch in wanted.get(row, ()):
                if whole.startswith(stretch, i * width):
                    raise InputError(
                        f"{other} holds rows of {name}, which is trained on: give data of another "
                        "time, or of another run"
                    )


def check_like(source, names, spacing_ps, dated, like):
    """InputError where series are not of the columns and times of those trained on."""
    if tuple(names) != like.columns.names:
        raise InputError(
            f"{source} has the columns {', '.join(names)}, wanted {', '.join(like.columns.names)} "
            "as the data that were trained on: give these"
        )
    if abs(spacing_ps / like.spacing_ps - 1) > 1e-4:
        raise InputError(
            f"the rows of {source} are {format_time(spacing_ps, 4)} apart, wanted "
            f"{format_time(like.spacing_ps, 4)} as in the data that were trained on"
        )
    if dated != like.scheme.dated and like.scheme.season is not None:
        raise InputError(
            f"the times of {source} are {'dates' if dated else 'no dates'}, those of the data that "
            "were trained on are not: the season cannot be found"
        )
