"""What a stage found, as lines of text for the terminal."""

import numpy as np

from lss.report.equilibrium import sentences
from lss.run.rotation import sentence as rotation_sentence
from lss.units import format_time


def modes(run):
    """The slow modes of a run: eigenvalue, implied timescale, visits to the rarer end."""
    report, lag_ps = run.report("srv"), run.settings("srv")["lag_time_ps"]
    periods = report.get("periods_ps")
    names = "mode  eigenvalue  timescale    visits"
    if periods is not None:
        names = "mode  sing. value      decay    visits       period"
    lines = [f"slow modes at lag {format_time(lag_ps)}", names]
    rows = zip(report["eigenvalues"], report["timescales_ps"], report["visits"], strict=True)
    for i, (eigenvalue, timescale_ps, visits) in enumerate(rows, start=1):
        time = "not resolved" if timescale_ps is None else format_time(timescale_ps, 3)
        lines.append(f"{i:4d}  {eigenvalue:10.4f}  {time:>11s}  {visits:6d}")
        if periods is not None:
            turn = "none" if periods[i - 1] is None else format_time(periods[i - 1], 3)
            lines[-1] += f"  {turn:>11s}"
    lines.append("visits: how often the MD went to the rarer end of the mode")
    return "\n".join([*lines, *rotation(report), *equilibrium(run)])


def rotation(report):
    """Whether the process goes round; nothing of an earlier version's."""
    found = report.get("diagnostics", {}).get("irreversibility")
    if found is None:
        return []
    way = "symmetrises" if report["reversible"] else "does not symmetrise"
    text = rotation_sentence(found)
    return [f"{text[0].upper()}{text[1:]}; the encoder {way}."]


def equilibrium(run):
    """Whether the trajectories of a run started in equilibrium; nothing of an earlier version's."""
    found, lag_ps = run.report("srv").get("equilibrium"), run.settings("srv")["lag_time_ps"]
    return [] if found is None else sentences(found, lag_ps)


def dropped(srv, modes, spacing_ps):
    """The modes of a fitted SRV that are left out, 1 for the slowest, with their timescales."""
    times = ((i, srv.timescales_[i - 1] * spacing_ps) for i in sorted(set(modes)))
    words = ", ".join(f"{i} ({format_time(ps, 3)})" for i, ps in times)
    return f"left out: mode{'s' * (len(set(modes)) > 1)} {words}; the others are numbered anew"


def diagnostics(run, stage):
    """What is wrong with a trained network in words, or that nothing is."""
    warnings = run.report(stage)["diagnostics"]["warnings"]
    return "\n".join(f"{stage}: {text}" for text in warnings or ["every diagnostic passed"])


def scan_table(scan, words):
    """Implied timescales with the 68 % interval of the bootstrap, a row for each lag of a scan."""
    m = scan.timescales.shape[1]
    short = bool(scan.n_short.any())
    lines = ["lag time".ljust(12) + "".join(f"t_{i + 1}".ljust(30) for i in range(m))]
    lines[0] += "too short" * short
    for row, lag in enumerate(scan.lags):
        cells = [
            scan_cell(lag, *(a[row, i] for a in (scan.timescales, scan.low, scan.high)), words)
            for i in range(m)
        ]
        lines.append(words(lag).ljust(12) + "".join(text.ljust(30) for text in cells))
        lines[-1] += str(scan.n_short[row]) * short
    lines.append("in brackets: 68 % interval of the bootstrap")
    if short:
        lines.append("too short: trajectories that are not longer than the lag, and not used")
    if scan.weighted.any():
        lags = ", ".join(words(lag) for lag in scan.lags[scan.weighted])
        lines.append(f"pairs of frames are weighted at a lag of {lags}")
    return "\n".join(lines)


def scan_cell(lag, value, low, high, words):
    if not np.isfinite(value):
        return "not resolved"
    if value < lag:
        return f"{words(value)}, below the lag"
    interval = f" ({words(low)} to {words(high)})" if np.isfinite([low, high]).all() else ""
    return words(value) + interval


def drawn(done):
    """How often structures were drawn, as a sentence.

    Parameters
    ----------
    done : dict
        What `lss.simulation.simulate.simulate` returned, of a box that says how close atoms come.
    """
    text = (
        f"structures whose atoms came closer than in the training MD were drawn again: "
        f"{done['draws_per_frame']:.3f} draws a frame"
    )
    clashing = done["clashing_frames"]
    if not clashing:
        return f"{text}, and none clashes"
    return f"{text}; {clashing} of {done['frames']} frames clash in all of twenty draws"
