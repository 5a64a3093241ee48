"""The words in which a report speaks: of molecules and MD, or of columns and data.

Sentences are written once, with these words where the two kinds differ.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Nouns, in the singular, and paragraphs of one kind of report.

    Parameters
    ----------
    data : str
        What was trained on.
    run : str
        One stretch of it, as in "a second run".
    thing : str
        What the decoder makes, in the plural.
    about : str
        Who is who, for readers that know nothing of it.
    figures : str
        What figures of this kind alone are, for the caption of all numbers.
    ratios : str
        What the caption of the ratios says of this kind alone.
    most_ratios : int or None
        Rows of one area in the table of ratios; None for all.
    negligible : tuple of str
        Units of which the caption of the ratios says what is negligible.
    diagnostics : str
        Units in the diagnostics of the networks.
    """

    data: str
    run: str
    thing: str
    about: str
    figures: str
    ratios: str
    most_ratios: int | None
    negligible: tuple[str, ...]
    diagnostics: str

    @property
    def held_out(self) -> str:
        """Data that were not trained on."""
        return f"held-out {self.data}"

    @property
    def key(self) -> str:
        """Of the data, in keys of report.json."""
        return self.data.lower()

    @property
    def run_key(self) -> str:
        """Of a run, in keys of report.json."""
        return self.run.lower().replace(" ", "_")


MOLECULE = Words(
    data="MD",
    run="MD run",
    thing="structures",
    about=(
        "MD: the simulation that was trained on. LSS: synthetic trajectories of the latent space "
        "simulator, which is three networks: the encoder (SRV) gives each structure its place psi "
        "on the slow modes, psi_1 being the slowest; the propagator (MDN) moves psi by one lag "
        "time; the decoder (cWGAN) draws a structure for each psi. Cores: the two states at the "
        "ends of psi_1, A and B; of a protein they may be called folded and unfolded."
    ),
    figures="",
    ratios="",
    most_ratios=None,
    negligible=("bits", "nm", "kT"),
    diagnostics="times in frames, lengths in nm, angles as the distance of their outer atoms",
)
SERIES = Words(
    data="data",
    run="run",
    thing="values",
    about=(
        "Data: the time series that was trained on. LSS: synthetic series of the latent space "
        "simulator, which is three networks: the encoder (SRV) gives each frame its place psi on "
        "the slow modes, psi_1 being the slowest; the propagator (MDN) moves psi by one lag time; "
        "the decoder (cWGAN) draws the values of the columns for each psi. Cores: the two states "
        "at the ends of psi_1, A and B; of a series that has no such states, its low and its high "
        "end. F = -ln rho, in units of kT as for molecules, is the logarithm of a density."
    ),
    figures=(
        "W1: mean distance by which one marginal must be moved to become the other, in standard "
        "deviations (sd) of the data; exceedances and lengths of stays are compared by logarithms; "
        "a stay that the end of a series cuts counts with its frames and without an end (frames in "
        "the state over ways out of it); "
    ),
    ratios=(
        " A figure of a column is green as well where its ratio is above 1 by less than two "
        "standard errors: of so many some are high by chance."
    ),
    most_ratios=8,
    negligible=("bits", "sd", "dB", "kT"),
    diagnostics="times in frames, columns in their units",
)
