"""What a run is going to train: an encoder of how many steps, a decoder on which frames."""

import math

from tqdm import tqdm

from lss.run import run_files
from lss.units import lag_in_frames


def planned_srv(
    data,
    lag,
    modes,
    seed,
    steps=None,
    verbose=True,
    preset="recommended",
    weights=None,
    reversible=True,
):
    """An SRV to be fitted to features, with the settings of a preset.

    Returns
    -------
    srv : srv.SRV
        With `steps` training steps. Where none are given, the recommended preset has as many as
        cross-validation allows, in which frames are not weighted, and the paper's its own, which
        early stopping ends.
    validation : srv.lagtime.CrossValidation or None
    """
    from srv import SRV
    from srv.length import choose_length

    srv = SRV.from_preset(
        preset,
        data[0].shape[1],
        n_components=modes,
        lag_time=lag,
        seed=seed,
        reversible=reversible,
        verbose=verbose,
        **chosen(n_updates=steps),
    )
    if steps is not None or preset != "recommended":
        return srv.set_params(weights=weights), None

    def folds(sequence):
        return tqdm(sequence, desc="SRV cross-validation", unit="fold", leave=False)

    srv, validation = choose_length(data, srv, progress=folds)
    return srv.set_params(weights=weights), validation


def chosen(**options):
    """Those options that were given, so that the recipe's own default serves for the others."""
    return {name: value for name, value in options.items() if value is not None}


def discarded_frames(run, spacing_ps, discard_ps=None):
    """Frames at the start of each trajectory that the decoder is not trained on."""
    if discard_ps is not None:
        return math.ceil(discard_ps / spacing_ps - 1e-4)
    if run_files.read_weights(run) is None:
        return 0
    lag_ps = run.settings("srv")["lag_time_ps"]
    return lag_in_frames(lag_ps, spacing_ps)
