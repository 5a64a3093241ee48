"""The report as one HTML page: everything inside, readable on paper and without network."""

from __future__ import annotations

import base64
import json
from importlib.resources import files
from pathlib import Path

from lss.report import tables
from lss.report.equilibrium import sentences, weighting
from lss.report.movie import movie_caption, movie_data
from lss.report.plates import Plate
from lss.report.validation import Comparison
from lss.report.verdict import Verdict
from lss.report.wording import duration


def render(
    comparison: Comparison,
    verdict: Verdict,
    pictures: dict[str, dict],
    diagnostics: dict,
    equilibrium: dict | None,
    **content,
) -> str:
    """The whole page, from the templates beside this module.

    Parameters
    ----------
    comparison : Comparison
        From :func:`lss.report.validation.compare`.
    verdict : Verdict
        From :func:`lss.report.verdict.judge`.
    pictures : dict of dict
        From :func:`picture`, by the names of the plates.
    diagnostics : dict of dict
        Of each network; what is under ``warnings`` is printed.
    equilibrium : dict or None
        As of :func:`lss.report.equilibrium.equilibrium`.
    **content
        The texts ``title`` and ``note`` (or None), the dicts ``settings`` and ``versions``, the
        :class:`lss.report.lag_figure.Choice` ``choice`` (or None).
    """
    c = comparison
    said = [
        f"{n}: {text}"
        for n, own in diagnostics.items()
        for text in [*own.get("warnings", []), *own.get("remarks", [])]
    ]
    return template("lss.report").render(
        tables=_tables(c),
        words=c.words,
        spectrum="eigenvalues" if c.reversible else "singular values",
        columns=c.columns is not None,
        areas=[(colour, f"{name}: {text}") for name, (colour, text) in verdict.areas.items()],
        findings=verdict.findings,
        cautions=[*verdict.cautions, *said],
        encoder_times=[duration(t) for t in c.srv_timescales_ps],
        lag=duration(c.lag_ps),
        equilibrium=[] if equilibrium is None else sentences(equilibrium, c.lag_ps),
        movie=c.movie and movie_data(c.movie),
        movie_caption=c.movie and movie_caption(c.movie),
        pictures=pictures,
        diagnostics=diagnostics,
        **content,
    )


def picture(plate: Plate) -> dict[str, str]:
    """Caption and picture of a figure; the picture as base64, to be inside the page."""
    return {
        "caption": plate.caption,
        "png": base64.b64encode(Path(plate.png).read_bytes()).decode("ascii"),
    }


def _tables(c: Comparison) -> dict[str, tables.Table | None]:
    structures = c.gallery is not None
    return {
        "ratios": None if c.heldout is None else tables.ratios(c),
        "summary": tables.summary(c),
        "regions": tables.regions(c) if structures else None,
        "region_rmsd": tables.region_rmsd(c) if structures else None,
        "all_figures": tables.all_figures(c),
        "ensembles": tables.ensembles(c),
        "weighting": weighting(c),
    }


def template(package: str):
    """page.html of a package, with the parts of this one; whatever text it is given is escaped."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name, ".") for name in (package, "lss.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.globals["asset"] = _asset
    environment.filters["indented"] = lambda data: json.dumps(data, indent=1, ensure_ascii=False)
    return environment.get_template("page.html")


def _asset(path: str):
    """A file of the package, to be put in as it is: never what a user gave."""
    from markupsafe import Markup

    return Markup(files("lss").joinpath(path).read_text(encoding="utf-8"))
