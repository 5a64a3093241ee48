"""What the paper did and printed: Sidky, Chen and Ferguson, Chem. Sci. 2020, 11, 9459.

The settings of its networks are the presets "paper" of `srv.SRV`, `mdn.Propagator` and
`cwgan.MolGen`. Of its results only those are here that were at hand when this was written; where a
table has a dash in the paper's column, see the paper itself.
"""

from dataclasses import dataclass

#: Section 3.1, four-well potential: Gaussians of the mixture, lag, steps simulated and synthetic.
FOUR_WELL_COMPONENTS, FOUR_WELL_LAG = 8, 100
FOUR_WELL_STEPS, FOUR_WELL_SYNTHETIC_STEPS = 5_000_000, 50_000

#: Section 3.2, Trp-cage: lag in ps, slow modes, Gaussians, noise dimensions, atoms decoded.
LAG_PS, MODES, COMPONENTS, NOISE_DIM, ATOMS = 20_000.0, 3, 24, 50, "name CA"


@dataclass(frozen=True)
class Printed:
    """Two values as printed in the paper; None where not at hand.

    Parameters
    ----------
    md, lss : float or None
        Of the all-atom MD (208 us) and of the latent space simulator (100 x 208 us).
    remark : str
        What is counted or how, where it needs saying.
    """

    md: float | None = None
    lss: float | None = None
    remark: str = ""


#: Results of section 3.2, by the key that the quantity has in report.json, or a name of ours.
PRINTED = {
    "free_energy_rmse_plain_psi_1_kT": Printed(lss=0.91, remark="not weighted"),
    "transitions": Printed(md=12, lss=1070, remark="folding and unfolding events"),
    "folded_rmsd_nm": Printed(lss=0.29, remark="CA-RMSD between structures of LSS and MD"),
    "transition_rmsd_nm": Printed(lss=0.37, remark="CA-RMSD between structures of LSS and MD"),
}
