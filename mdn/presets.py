"""Named settings of `Propagator.from_preset`."""


def _recommended():
    """Settings that reach the statistical floor of their data: benchmarks/propagator.py."""
    return {
        "n_components": 24,
        "batch_size": 256,
        "learning_rate": 1e-3,
        "n_updates": 40_000,
        "schedule": "cosine",
        "activation": "relu",
        "bounds": "data",
        "outside": "redraw",
    }


def _paper():
    """Section 2.2 and the methods of Sidky, Chen and Ferguson (2020)."""
    return {
        "n_components": 24,
        "batch_size": 1000,
        "learning_rate": 1e-3,
        "n_epochs": 100,
        "activation": "relu",
        "bounds": "data",
        "outside": "clip",
        "validation_split": 0.1,
        "early_stopping": 10,
    }


def _predictive():
    """Recommended, but stopped where held-out trajectories are predicted best.

    Training to the end makes free energies and timescales of samples better, and the density itself
    worse where frames are few: it comes to know the pairs by heart.
    """
    return {
        **_recommended(),
        "n_updates": None,
        "n_epochs": 100,
        "schedule": "constant",
        "validation_split": 0.2,
        "early_stopping": 10,
    }


PRESETS = {"recommended": _recommended, "paper": _paper, "predictive": _predictive}
