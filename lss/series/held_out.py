"""Held-out series that are trained on: found by their rows."""

from lss.errors import InputError

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
