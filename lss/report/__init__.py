"""Write the report of a comparison: report.html, report.json and figures/."""

from __future__ import annotations

import logging
from pathlib import Path

from lss.report import page as html
from lss.report import tables
from lss.report.movie import player
from lss.report.numbers import comparison_data
from lss.report.plates import make_plates
from lss.report.validation import Comparison
from lss.report.verdict import Verdict, judge
from lss.report.wording import duration
from lss.storage.whole_files import plain, replacing, write_json

logger = logging.getLogger(__name__)

#: What the short names of the report stand for.
NAMES = (
    "MD: the simulation that was trained on. LSS: synthetic trajectories of the latent space "
    "simulator, which is three networks: the encoder (SRV) gives each structure its place psi on "
    "the slow modes, psi_1 being the slowest; the propagator (MDN) moves psi by one lag time; the "
    "decoder (cWGAN) draws a structure for each psi. Cores: the two states at the ends of psi_1, A "
    "and B; of a protein they may be called folded and unfolded."
)


def write_report(
    out_dir,
    comparison: Comparison,
    *,
    title: str = "Latent space simulation",
    note: str | None = None,
    training: dict | None = None,
    diagnostics: dict | None = None,
    settings: dict | None = None,
    versions: dict | None = None,
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
        For each network its diagnostics; the sentences under ``warnings`` are printed.
    settings, versions : dict, optional
        Printed as they are.

    Returns
    -------
    Path
        Of report.html.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    training, diagnostics = plain(training or {}), plain(diagnostics or {})
    settings, versions = plain(settings or {}), plain(versions or {})
    warned = [name for name, own in diagnostics.items() if own.get("warnings")]
    verdict = judge(comparison, warned)
    data = {
        "title": title,
        "note": note,
        **comparison_data(comparison, verdict),
        "training_as_logged": training,
        "diagnostics": diagnostics,
        "settings": settings,
        "versions": versions,
    }
    write_json(out_dir / "report.json", data)
    with replacing(out_dir / "figures") as folder:
        folder.mkdir()
        pictures = {
            plate.name: html.picture(plate)
            for plate in make_plates(comparison, training, folder, note)
        }
    logger.info("wrote %d figures to %s", len(pictures), out_dir / "figures")
    sections = _sections(comparison, verdict, pictures, diagnostics, settings, versions)
    path = out_dir / "report.html"
    with replacing(path) as partial:
        partial.write_text(html.page(title, note, sections), encoding="utf-8")
    return path


def _sections(
    c: Comparison,
    verdict: Verdict,
    pictures: dict[str, str],
    diagnostics: dict,
    settings: dict,
    versions: dict,
) -> list[str]:
    def shown(*names: str) -> str:
        return "".join(pictures.get(name, "") for name in names)

    parts = []
    if c.heldout is not None:
        parts.append(html.section("As good as a second MD run?", html.table(tables.ratios(c))))
    parts += [
        html.section("Verdict", *_verdict(c, verdict, diagnostics)),
        html.section("Main figures", html.table(tables.summary(c)), _srv_line(c)),
        html.section("Free energies", shown("slowest_mode", "free_energy", "tica")),
        html.section("Kinetics", shown("timescales", "correlation", "chapman_kolmogorov")),
    ]
    if c.gallery is not None:
        parts.append(html.section(
            "Structures", player(c.movie), html.table(tables.regions(c)),
            html.table(tables.region_rmsd(c)), shown("size", "structures", "passage"),
        ))  # fmt: skip
    parts.append(html.section("All numbers", html.table(tables.all_figures(c))))
    if "training" in pictures:
        parts.append(html.section("Training", pictures["training"]))
    parts.append(html.section(
        "What was run", html.table(tables.ensembles(c)),
        html.paragraph(f"Lag time {duration(c.lag_ps)}; free energies in units of kT."),
        html.listing("Settings", settings), html.listing("Versions", versions),
        html.listing(
            "Diagnostics of the networks (times in frames, lengths in nm, angles as the distance "
            "of their outer atoms)", diagnostics,
        ),
    ))  # fmt: skip
    return parts


def _verdict(c: Comparison, verdict: Verdict, diagnostics: dict) -> list[str]:
    areas = verdict.areas
    parts = [
        html.paragraph(NAMES, soft=True),
        html.bullets([f"{name}: {text}" for name, (_, text) in areas.items()],
                     [colour for colour, _ in areas.values()]),
    ]  # fmt: skip
    if c.heldout is None:
        parts.append(html.paragraph(
            "No MD was held out: the lights compare the LSS with its own training data. Green: the "
            "difference is within two standard errors, or small in itself; amber: within four, or "
            "not large; red: beyond that; grey: the MD itself does not tell. Give MD that was not "
            "trained on (--held-out) to see whether the LSS is as good as a second MD run.",
            soft=True,
        ))  # fmt: skip
    if verdict.findings:
        parts += [
            html.paragraph("Findings:"),
            html.bullets([text for _, text in verdict.findings],
                         [colour for colour, _ in verdict.findings]),
        ]  # fmt: skip
    warnings = [
        f"{name}: {text}" for name, own in diagnostics.items() for text in own.get("warnings", [])
    ]
    if verdict.cautions or warnings:
        parts += [
            html.paragraph("To keep in mind:"),
            html.bullets([*verdict.cautions, *warnings]),
        ]
    return parts


def _srv_line(c: Comparison) -> str:
    if not c.srv_timescales_ps:
        return ""
    times = ", ".join(duration(t) for t in c.srv_timescales_ps)
    return html.paragraph(f"Timescales from the eigenvalues of the encoder: {times}.", soft=True)
