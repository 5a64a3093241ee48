"""A fitted decoder beside data: on which frames, and of what kind."""

from cwgan.assessment import diagnose
from cwgan.columns import diagnose_columns
from cwgan.decoder import Decoder
from cwgan.frames import joined_frames
from cwgan.splitting import evenly
from lss_base.estimators import refusal

MAX_DIAGNOSED = 50_000  # frames
DIAGNOSED_SIZE = 2**25  # pair distances among them; there are four pairs an atom, and 300


def judged(molgen, X, y, seed):
    """What a fitted MolGen draws at psi, beside what belongs there.

    Parameters
    ----------
    molgen : MolGen
    X, y : array-like, or list of such
        As of `MolGen.diagnose`.
    seed : int
        Of the draws.

    Returns
    -------
    dict
        As of `cwgan.assessment.diagnose`, or of `cwgan.columns.diagnose_columns`.

    Raises
    ------
    ValueError
        Where y are not frames of what is drawn.
    """
    psi, coords, _ = joined_frames(molgen, X, y)
    if molgen.head == "columns":
        rows = evenly(len(psi), MAX_DIAGNOSED)
        made = Decoder(molgen.generator, compiled=False).decode(psi[rows], seed)
        return diagnose_columns(psi[rows], coords[rows], made)
    drawn = molgen.generator.output_shape[1:]
    if coords.ndim != 3 or coords.shape[1:] != drawn:
        raise refusal(
            "y",
            f"frames of shape {coords.shape[1:]} for a generator that draws {drawn}",
            "atoms, (n_atoms, 3), as the fit must have had",
            "fit to atoms to have them judged",
        )
    rows = evenly(len(psi), min(MAX_DIAGNOSED, DIAGNOSED_SIZE // (4 * drawn[0] + 300)))
    decoder = Decoder(molgen.generator, molgen.contacts, compiled=False)
    made = decoder.decode(psi[rows], seed)
    out = diagnose(psi[rows], coords[rows], made, molgen._parts.graph)
    return out | {"draws_per_frame": decoder.draws / max(decoder.frames, 1)}
