"""The page of a campaign: how far it came, and what is still unknown."""

import base64
import io
import json
import math
from importlib.resources import files

import numpy as np

from lss.adaptive import rounds
from lss.report.wording import duration, number, plus_minus, time_unit
from lss.storage.whole_files import replacing
from lss.units import format_time

TARGETS = {"timescales": "ln t of the slowest process", "populations": "populations of the cells",
           "F": "F of the cells, kT"}  # fmt: skip


def write_page(path, records, settings, tolerance, why):
    """Write `campaign.html`, with everything inside.

    Parameters
    ----------
    path : pathlib.Path
        Of the campaign.
    records : list of dict
        Of its finished rounds.
    settings : dict
    tolerance : float
    why : list of str
        Why it goes on; none where it may stop.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("lss.adaptive", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    last = records[-1]
    text = environment.get_template("campaign.html").render(
        title=f"Campaign {path.resolve().name}",
        style=Markup(files("lss").joinpath("report/page.css").read_text(encoding="utf-8")),
        summary=f"{len(records)} rounds, {format_time(last['md_ps'])} of MD in pieces of "
        f"{format_time(settings['piece_ps'])}, lag {format_time(settings['lag_ps'])}.",
        unknown=unknown(last, why),
        never_seen=last["never_seen"],
        tolerance=f"{tolerance:g}",
        target=TARGETS[settings["target"]],
        progress=progress(records, tolerance, settings),
        rows=[row(record) for record in records],
        pictures=pictures(path, len(records)),
        settings=json.dumps(settings, indent=1, ensure_ascii=False),
    )
    with replacing(path / "campaign.html") as partial:
        partial.write_text(text, encoding="utf-8")


def unknown(last, why):
    """What is still unknown, as sentences."""
    found = [*why, *last["islands"]]
    if last["seldom"]:
        found.append(f"{last['seldom']} of {last['n_cells']} cells were visited by one frame only")
    for i, visits in enumerate(last["visits"], start=1):
        if visits < 10:
            found.append(f"the MD went to the rarer end of mode {i} {visits} times only")
    return found


def row(record):
    """Cells of the table."""
    forecast = record["forecast"]
    times = [t for t in record["timescales_ps"] if t is not None]
    shown = error_of(record)
    return [
        record["round"],
        format_time(record["md_ps"]),
        record["strategy"],
        f"{record['new_cells'][-1]} of {record['n_cells']}",
        number(shown, 2),
        ", ".join(map(duration, times)) or "not resolved",
        "–" if forecast is None else plus_minus(forecast["surprise"], _or_nan(forecast["error"])),
        "–" if forecast is None else f"{100 * forecast['outside']:.2g} %",
        record["died"],
    ]


def error_of(record):
    """Standard error of the target; nan where it was not found."""
    return _or_nan(record["error"])


def _or_nan(value):
    return math.nan if value is None else value


def progress(records, tolerance, settings):
    """The three curves against MD spent, as base64 of a PNG."""
    from matplotlib.figure import Figure

    unit, length = time_unit(records[-1]["md_ps"])
    spent = np.array([record["md_ps"] for record in records]) / length
    figure = Figure(figsize=(9, 2.8), layout="constrained")
    cells, errors, surprises = figure.subplots(1, 3)
    cells.plot(spent, records[-1]["new_cells"], "o-")
    cells.set_ylabel("cells found in the round")
    errors.plot(spent, [error_of(record) for record in records], "o-")
    errors.axhline(tolerance, color="0.6", lw=0.8)
    errors.set_ylabel(f"standard error of\n{TARGETS[settings['target']]}")
    told = [(x, r["forecast"]) for x, r in zip(spent, records, strict=True) if r["forecast"]]
    if told:
        values = [f["surprise"] for _, f in told]
        bars = [2 * np.nan_to_num(_or_nan(f["error"])) for _, f in told]
        surprises.errorbar([x for x, _ in told], values, bars, fmt="o-", capsize=3)
    surprises.axhline(0, color="0.6", lw=0.8)
    surprises.set_ylabel("surprise (nats a pair)")
    for ax in (cells, errors, surprises):
        ax.set_xlabel(f"MD ({unit})")
        ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=130)
    return base64.b64encode(data.getvalue()).decode("ascii")


def pictures(path, n_rounds):
    """Number and picture, in base64, of each round, the last first."""
    found = []
    for k in range(n_rounds, 0, -1):
        png = rounds.folder_of(path, k) / f"{rounds.AFTER}.png"
        found.append((k, base64.b64encode(png.read_bytes()).decode("ascii")))
    return found
