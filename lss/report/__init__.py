"""Write the report of a comparison: report.html, report.json and figures/."""

from __future__ import annotations

import logging
from pathlib import Path

from lss.report.lag_figure import Choice, make_plate
from lss.report.numbers import comparison_data
from lss.report.page import picture, render
from lss.report.plates import make_plates
from lss.report.validation import Comparison
from lss.report.verdict import judge
from lss.storage.whole_files import plain, replacing, write_json

logger = logging.getLogger(__name__)


def write_report(
    out_dir: str | Path,
    comparison: Comparison,
    *,
    title: str = "Latent space simulation",
    note: str | None = None,
    training: dict | None = None,
    diagnostics: dict | None = None,
    settings: dict | None = None,
    versions: dict | None = None,
    equilibrium: dict | None = None,
    choice: Choice | None = None,
) -> Path:
    """Write report.html, report.json and figures/ (PNG, PDF and CSV of each).

    Parameters
    ----------
    out_dir : path
        Folder to write to; made if needed. Files of these names are replaced.
    comparison : Comparison
        From :func:`lss.report.validation.compare`.
    title : str
        Heading of the page.
    note : str, optional
        A warning printed at the top and under every figure (such as: the times are labels).
    training : dict of dict, optional
        For each network a dict of curves (name to sequence of numbers) and of their floors.
    diagnostics : dict of dict, optional
        For each network its diagnostics; the sentences under ``warnings`` are printed and count as
        faults, those under ``remarks`` are printed.
    settings, versions : dict, optional
        Printed as they are.
    equilibrium : dict, optional
        Whether the trajectories started in equilibrium, as of
        :func:`lss.report.equilibrium.equilibrium`.
    choice : Choice, optional
        How the lag and the number of modes were chosen, where the data did.

    Returns
    -------
    Path
        Of report.html.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    training, diagnostics = plain(training or {}), plain(diagnostics or {})
    settings, versions = plain(settings or {}), plain(versions or {})
    warned = {name: own["warnings"] for name, own in diagnostics.items() if own.get("warnings")}
    verdict = judge(comparison, warned)
    data = {
        "title": title,
        "note": note,
        **comparison_data(comparison, verdict),
        "training_as_logged": training,
        "diagnostics": diagnostics,
        "equilibrium": plain(equilibrium),
        "settings": settings,
        "versions": versions,
        **({"choice_of_lag_and_modes": choice.reasons} if choice else {}),
    }
    write_json(out_dir / "report.json", data)
    with replacing(out_dir / "figures") as folder:
        folder.mkdir()
        plates = [*make_plates(comparison, training, folder, note)]
        plates += [make_plate(choice, folder, note)] if choice and choice.scan else []
        pictures = {plate.name: picture(plate) for plate in plates}
    logger.info("wrote %d figures to %s", len(pictures), out_dir / "figures")
    text = render(
        comparison, verdict, pictures, diagnostics, plain(equilibrium),
        title=title, note=note, settings=settings, versions=versions, choice=choice,
    )  # fmt: skip
    path = out_dir / "report.html"
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path
