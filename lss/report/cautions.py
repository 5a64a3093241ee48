"""What limits a comparison itself: little data, short blocks, two MD runs apart, empty bins."""

from __future__ import annotations

import math

from lss.analysis.columns.spectra import SHORTEST, WINDOWS
from lss.report.validation import Comparison
from lss.report.wording import duration, estimate, number, ordinal

#: Fewer crossings than this in the MD, and rates are hardly known.
FEW_CROSSINGS = 20
#: Blocks shorter than so many slowest timescales are not independent.
BLOCK_TIMESCALES = 5
#: A period of fewer lags may be that of a faster turn.
TURN_LAGS = 4
#: Standard errors by which a timescale of two MD runs may differ without a word.
RUNS_APART = 3
#: Share of frames outside the training range that is worth a word.
OUTSIDE_SHARE = 0.001


def cautions_of(comparison: Comparison) -> list[str]:
    found, data = [], comparison.words.data
    seen = comparison.md.crossings
    if seen < FEW_CROSSINGS:
        found.append(
            f"The {data} crosses between the cores of psi_1 only {seen:.0f} times: its own rates "
            f"and slowest timescale are poorly known. More {data} helps more than more training."
        )
    slowest = float(comparison.row("t_1_ps").md.value)
    for ensemble in (comparison.md, comparison.lss, comparison.heldout):
        if ensemble is None:
            continue
        block = ensemble.n_frames * ensemble.frame_ps / ensemble.latent.n_blocks
        if block < BLOCK_TIMESCALES * slowest:
            found.append(
                f"{ensemble.name}: a block holds {duration(block)}, less than "
                f"{BLOCK_TIMESCALES} slowest timescales; its error bars are too small."
            )
    found += _turn_cautions(comparison) + _column_cautions(comparison)
    return _run_cautions(comparison) + found + _bin_cautions(comparison)


def _turn_cautions(comparison: Comparison) -> list[str]:
    """Periods so near to two lags that they may be those of a faster turn."""
    found = []
    for row in comparison.rows:
        period = float(row.md.value) if row.quantity.key.startswith("period_") else math.nan
        if period < TURN_LAGS * comparison.lag_ps:
            found.append(
                f"{row.quantity.label}: {estimate(row.md, 'ps')} is less than {TURN_LAGS} lags. A "
                "turn of less than two lags looks slower than it is: see whether a shorter lag "
                "gives the same period."
            )
    return found


def _column_cautions(comparison: Comparison) -> list[str]:
    """What could not be looked at in the columns of a time series."""
    curves = comparison.columns
    if curves is None or len(curves.frequencies_per_ps):
        return []
    return [
        "The series are too short for spectra: half of the frames of each ensemble must lie in "
        f"series of {SHORTEST} lags or more, and be {SHORTEST * WINDOWS} lags in all."
    ]


def _run_cautions(comparison: Comparison) -> list[str]:
    """Modes that are not as slow in the held-out MD as in the training MD.

    Where the two MD runs contradict one another, the LSS is as good as a second run if it repeats
    what is peculiar to the first: the ratio does not tell.
    """
    if comparison.heldout is None:
        return []
    found, w = [], comparison.words
    for i in range(1, comparison.n_modes + 1):
        row = comparison.row(f"t_{i}_ps")
        md, held = float(row.md.value), float(row.heldout.value)
        if not md > 0:
            continue
        own = f"The {ordinal(i)} timescale is {estimate(row.md, 'ps')} in the training {w.data}"
        if not held > 0:
            other = f"and cannot be measured in the {w.held_out}"
        else:
            error = math.hypot(row.md.standard_error / md, row.heldout.standard_error / held)
            # An unknown error (nan) says nothing.
            if not abs(math.log(md / held)) > RUNS_APART * error:
                continue
            held_out = estimate(row.heldout, "ps", row.md)
            other = f"and {held_out} in the {w.held_out}, further apart than their errors"
        found.append(
            f"{own} {other}: psi_{i} may be peculiar to the training {w.data}, and a ratio near 1 "
            f"does not make it right. Give more {w.data}, or train the encoder for fewer modes or "
            "steps."
        )
    return found


def _bin_cautions(comparison: Comparison) -> list[str]:
    found, data = [], comparison.words.data
    md = comparison.curves.profiles[data]
    for name, profiles in comparison.curves.profiles.items():
        empty, outside = [], []
        for i, (p, q) in enumerate(zip(profiles, md, strict=True), start=1):
            missing = (p.population == 0) & (q.population > 0)
            if missing.any():
                share = number(100 * q.population[missing].sum(), 2)
                empty.append(
                    f"{missing.sum()} of psi_{i} (where the {data} has {share} % of its frames)"
                )
            if p.outside > OUTSIDE_SHARE:
                outside.append(f"{number(100 * p.outside, 2)} % on psi_{i}")
        if empty:
            found.append(f"{name} leaves bins empty that the {data} fills: {', '.join(empty)}.")
        if outside:
            found.append(f"{name} has frames outside the {data}'s range: {', '.join(outside)}.")
    return found
