"""Named settings of `Propagator.from_preset`."""

PRESETS = {
    # Reaches the statistical floor of its data where it was measured: benchmarks/propagator.py.
    "recommended": {
        "n_components": 24,
        "batch_size": 256,
        "learning_rate": 1e-3,
        "n_updates": 40_000,
        "schedule": "cosine",
        "activation": "relu",
        "bounds": "data",
        "outside": "redraw",
    },
    # Section 2.2 and the methods of Sidky, Chen and Ferguson (2020).
    "paper": {
        "n_components": 24,
        "batch_size": 1000,
        "learning_rate": 1e-3,
        "n_epochs": 100,
        "activation": "relu",
        "bounds": "data",
        "outside": "clip",
        "validation_split": 0.1,
        "early_stopping": 10,
    },
}


def preset(name):
    """The settings of one preset, as a new dict.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    return dict(PRESETS[name])
