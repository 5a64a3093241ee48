"""The numbers of the way between two states: as tables, and as they are stored."""

import numpy as np

from lss.analysis.blocks import Estimate
from lss.paths.findings import WALKERS, Findings, Pair
from lss.report.tables import Table
from lss.report.wording import NOTHING, duration, estimate, two_errors

#: Where the two committors differ more than this, beyond counting, the page says so.
TOLERANCE = 0.03
#: Paths of which more than this share have no frame between the states are too short for the lag.
JUMPS = 0.5


def states(found: Findings):
    """Definitions and populations."""
    labels = Pair(found.start, found.goal).label(found.passages.psi)
    body = [
        [name, text, f"{(labels == k).mean():.3g}"]
        for k, name, text in (
            (0, found.start.name, found.start.describe()),
            (1, found.goal.name, found.goal.describe()),
            (-1, "between", "neither"),
        )
    ]
    caption = "Populations: shares of the frames of the simulator in equilibrium."
    return Table(caption, ["state", "definition", "population"], body, [])


def times(found: Findings):
    """Passage times and rates, each way, by sampling, by the propagator and of the MD."""
    value, sampling = found.passages.passage_times_ps()
    data = np.nan_to_num(found.data_errors * value)
    error = np.hypot(sampling, data)
    body = []
    for k, (a, b) in enumerate((found.passages.names, found.passages.names[::-1])):
        time, way = _estimate(value[k], error[k]), found.passages.durations_ps(k)
        rate = _estimate(1 / value[k], error[k] / value[k] ** 2)
        md = found.md_times_ps
        shown = estimate(time, "ps")
        if data[k]:
            alone = _estimate(value[k], sampling[k])
            shown += f" ({two_errors(alone, data[k], 'ps', time)})"
        spread = way.std(ddof=1) / np.sqrt(len(way)) if len(way) > 1 else np.nan
        body.append(
            [
                f"{a} to {b}",
                shown,
                duration(float(found.kernel_times_ps[k])),
                NOTHING if md is None else estimate(md[k], "ps", time),
                estimate(rate, "1/ps"),
                str(len(way)),
                estimate(_estimate(way.mean(), spread), "ps"),
            ]
        )
    caption = (
        f"Mean first-passage times, from arrival in one state to arrival in the other, of "
        f"{len(found.passages.counts)} independent walkers (±: one standard error, bootstrap over "
        "walkers), by the propagator's equations on the mesh, and counted in the MD (±: one block "
        "standard error, where enough was seen). "
        + (
            "Errors hold what the MD of the training leaves open, the spread over replicas."
            if data.any()
            else "Errors are those of sampling the simulator, not of its training."
        )
        + " Rate: the inverse of the first."
    )
    head = ["way", "mean first-passage time", "by the propagator", "MD", "rate", "paths"]
    return Table(caption, [*head, "mean duration of a path"], body, [])


def _estimate(value, error):
    """A value and its error as the report words them."""
    return Estimate(*(np.asarray(x, float) for x in (value, error, np.nan, 0.0)))


def pathways(found: Findings):
    """Share, direction and duration of each pathway."""
    labels, paths = found.pathways.labels, found.passages.paths
    a, b = found.passages.names
    body = []
    for k in range(labels.max() + 1):
        own = [path for path, label in zip(paths, labels, strict=True) if label == k]
        shares = [
            sum(path.direction == d for path in own) / len(found.passages.of(d)) for d in (0, 1)
        ]
        mean = np.mean([len(path.psi) - 1 for path in own]) * found.passages.lag_ps
        order = ", ".join(f"{name} at {when:.2f}" for name, when in found.pathways.events[k])
        body.append(
            [str(k + 1), *(f"{share:.0%}" for share in shares), duration(float(mean)), order]
        )
    distinct = found.pathways.silhouette
    caption = (
        "One pathway: the paths do not fall into groups."
        if len(body) == 1
        else f"Groups of paths (silhouette {distinct:.2f}). Of reversible dynamics a pathway has "
        "the same share both ways."
    )
    caption += (
        " Order of events: what changes from the one state to the other by more than the paths "
        "differ, and at which share of their time half of that is done on average."
    )
    head = ["pathway", f"of {a} to {b}", f"of {b} to {a}", "mean duration", "order of events"]
    return Table(caption, head, body, [])


def cautions(found: Findings):
    """Sentences on what the numbers do not say."""
    said = []
    rms, chance = found.committor_error
    beyond = np.sqrt(max(0.0, rms**2 - chance**2))
    if beyond > TOLERANCE:
        said.append(
            f"The committor of the mesh is off by {beyond:.2f} beyond counting: its points are too "
            "few for this simulator; trust the passage times, not q."
        )
    value, error = found.passages.passage_times_ps()
    off = np.abs(found.kernel_times_ps - value)
    if (off > np.fmax(3 * error, 0.05 * value)).any():
        said.append(
            "Passage times by the propagator's equations differ from those sampled by more than "
            "three standard errors: the mesh is too coarse for this simulator; trust those sampled."
        )
    direct = np.mean([len(path.psi) == 2 for path in found.passages.paths])
    if direct > JUMPS:
        said.append(
            f"{direct:.0%} of the paths go from state to state in one lag time of "
            f"{duration(found.passages.lag_ps)}: they have no frame between. Widen the gap between "
            "the states, or train with a shorter lag time."
        )
    if found.md_times_ps is not None:
        md = found.md_times_ps
        off = np.abs(value - md.value) > 3 * np.hypot(error, md.standard_error)
        if (off & np.isfinite(md.standard_error)).any():
            said.append(
                "Passage times differ from those counted in the MD by more than three standard "
                "errors."
            )
    return said


def numbers(found: Findings):
    """All numbers, for paths.json."""
    value, error = found.passages.passage_times_ps()
    a, b = found.passages.names
    rms, chance = found.committor_error
    ways = {}
    for k, way in enumerate((f"{a} to {b}", f"{b} to {a}")):
        md = found.md_times_ps
        ways[way] = {
            "paths": len(found.passages.of(k)),
            "passage_time_ps": value[k],
            "passage_time_standard_error_ps": error[k],
            "passage_time_standard_error_from_data_ps": float(found.data_errors[k] * value[k]),
            "passage_time_by_the_propagator_ps": found.kernel_times_ps[k],
            "passage_time_md_ps": None if md is None else float(md[k].value),
            "passage_time_md_standard_error_ps": None
            if md is None
            else float(md[k].standard_error),
            "rate_per_ps": 1 / value[k],
            "mean_duration_ps": found.passages.durations_ps(k).mean(),
        }
    return {
        "states": [found.start.describe(), found.goal.describe()],
        "lag_time_ps": found.passages.lag_ps,
        "seed": found.passages.seed,
        "walkers": len(found.passages.counts),
        "ways": ways,
        "committor": {
            "points_of_the_mesh": len(found.q),
            "points_checked": len(found.checked),
            "walkers_from_each": WALKERS,
            "rms_difference": rms,
            "rms_of_counting_alone": chance,
            "spread_where_one_half": {
                name: {
                    "value": test.spread,
                    "standard_error": test.error,
                    "points": len(test.shares),
                }
                for name, test in found.tests.items()
            },
        },
        "pathways": np.bincount(found.pathways.labels),
        "silhouette": found.pathways.silhouette,
        "order_of_events": [dict(events) for events in found.pathways.events],
    }
