"""The encoder that a run is going to fit: its preset, and as many steps as hold elsewhere."""

from tqdm import tqdm


def planned_srv(
    data, lag, modes, seed, steps=None, verbose=True, preset="recommended", weights=None
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
