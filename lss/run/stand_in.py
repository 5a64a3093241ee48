"""A decoder of columns until `cwgan.MolGen.for_columns` is there."""

import numpy as np


class StandIn:
    contacts = None

    def __init__(self, n_modes, n_columns, noise_dim=50, seed=0, n_updates=40_000):
        from cwgan import MolGen

        self.noise_dim = noise_dim
        self.molgen = MolGen(
            n_modes, n_columns, noise_dim=noise_dim, seed=seed, n_updates=n_updates,
            optimizer="adam", learning_rate=3e-4, decay=True, smoothing=0.999,
        )  # fmt: skip

    def fit(self, psi, values):
        import keras

        low, high = values.min(axis=0) - 1e-6, values.max(axis=0) + 1e-6
        middle, half = (high + low) / 2, 0.55 * (high - low)
        self.molgen.fit(psi, (values - middle) / half)
        inner = self.molgen.generator
        layer = keras.layers.Rescaling(half.tolist(), offset=middle.tolist())
        self.generator = keras.Model(inner.inputs, layer(inner.output))

    @property
    def history(self):
        return self.molgen.history

    def diagnose(self, psi, values):
        return {"warnings": list(np.unique(self.molgen.history.get("warnings", [])))}
