"""The propagator: where does psi go in one lag time?

A mixture density network for p(psi_{t+tau} | psi_t), its training, and a sampler that runs at
the speed of the hardware. Arrays go in and out; lag times are in frames.
"""

_HOME = {
    "DivergedError": "errors",
    "NotFittedError": "errors",
    "Propagator": "estimator",
    "Sampler": "sampler",
    "train_replicas": "replicas",
}
__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"mdn.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
