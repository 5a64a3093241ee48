"""Named settings of `MolGen.from_preset`."""


def _recommended():
    """For the figures of benchmarks/decoder.py; a peptide's backbone needs half the updates."""
    return {
        "batch_size": 64,
        "noise_dim": 50,
        "hidden_layer_depth": 3,
        "hidden_size": 200,
        "activation": "swish",
        "n_discriminator": 1,
        "head": "bonds",
        "n_updates": 40_000,
        "optimizer": "adam",
        "learning_rate": 5e-4,
        "decay": True,
        "smoothing": 0.9998,
        "consistency": 1.0,
        "repulsion": 2.0,
        "warm_start": False,
    }


def _paper():
    """Sidky, Chen and Ferguson (2020), section 2.3 and supplementary methods."""
    return {
        "batch_size": 256,
        "noise_dim": 50,
        "hidden_layer_depth": 3,
        "hidden_size": 200,
        "activation": "swish",
        "n_discriminator": 5,
        "head": "tanh",
        "n_updates": 20_000,
        "optimizer": "rmsprop",
        "learning_rate": 5e-5,
        "warm_start": False,
    }


def columns():
    """For columns of numbers: what molecules have, but for what atoms need."""
    settings = _recommended() | {"head": "columns", "n_updates": 20_000}
    settings |= {"consistency": 0.0, "repulsion": 0.0}
    # Of few columns the energy score sees all that a critic would, and leads straight there.
    return settings | {"n_discriminator": 0, "learning_rate": 1e-3}


PRESETS = {"recommended": _recommended, "paper": _paper}
