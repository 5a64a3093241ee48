"""What a stage found, as lines of text for the terminal."""

from lss.units import format_time


def modes(run):
    """The slow modes of a run: eigenvalue, implied timescale, visits to the rarer end."""
    report, lag_ps = run.report("srv"), run.settings("srv")["lag_time_ps"]
    lines = [f"slow modes at lag {format_time(lag_ps)}", "mode  eigenvalue  timescale    visits"]
    rows = zip(report["eigenvalues"], report["timescales_ps"], report["visits"], strict=True)
    for i, (eigenvalue, timescale_ps, visits) in enumerate(rows, start=1):
        time = "not resolved" if timescale_ps is None else format_time(float(f"{timescale_ps:.3g}"))
        lines.append(f"{i:4d}  {eigenvalue:10.4f}  {time:>11s}  {visits:6d}")
    lines.append("visits: how often the MD went to the rarer end of the mode")
    return "\n".join(lines)


def dropped(srv, modes, spacing_ps):
    """The modes of a fitted SRV that are left out, 1 for the slowest, with their timescales."""
    times = ((i, srv.timescales_[i - 1] * spacing_ps) for i in sorted(set(modes)))
    words = ", ".join(f"{i} ({format_time(float(f'{ps:.3g}'))})" for i, ps in times)
    return f"left out: mode{'s' * (len(set(modes)) > 1)} {words}; the others are numbered anew"


def diagnostics(run, stage):
    """What is wrong with a trained network in words, or that nothing is."""
    warnings = run.report(stage)["diagnostics"]["warnings"]
    return "\n".join(f"{stage}: {text}" for text in warnings or ["every diagnostic passed"])


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
    return f"{text}; {clashing} of {done['frames']} frames clash in all of ten draws"
