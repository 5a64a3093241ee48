"""What the three trainings share: one progress bar, schedules, and the watch for divergence."""

import math

import keras
import numpy as np
from keras import ops
from tqdm.auto import tqdm

from lss_base.estimators import DivergedError

#: Updates from which on XLA pays: it compiles for as long as some hundred take without it.
WORTH_XLA = 500


class ProgressBar(keras.callbacks.Callback):
    """One bar over all updates of a training, with its latest measures.

    Parameters
    ----------
    label : str
    n_epochs, per_epoch : int
        Epochs, and updates in each.
    per_batch : int
        Updates in what Keras calls a batch.
    shown : tuple of str
        Which of the logs of an epoch are shown.
    """

    def __init__(self, label, n_epochs, per_epoch, per_batch=1, shown=("loss", "val_loss")):
        super().__init__()
        self.label, self.n_epochs, self.per_epoch = label, n_epochs, per_epoch
        self.per_batch, self.shown = per_batch, shown

    def on_train_begin(self, logs=None):
        """Show the bar."""
        total = self.n_epochs * self.per_epoch
        self._bar, self._epoch = tqdm(total=total, desc=self.label, unit="update"), 0

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar."""
        self._move(min((batch + 1) * self.per_batch, self.per_epoch))

    def on_epoch_end(self, epoch, logs=None):
        """Show the measures."""
        shown = {name: value for name, value in (logs or {}).items() if name in self.shown}
        self._bar.set_postfix(
            {name: f"{value:.4g}" for name, value in shown.items()}, refresh=False
        )
        self._move(self.per_epoch)
        self._epoch = epoch + 1

    def on_train_end(self, logs=None):
        """Close the bar."""
        self._bar.close()

    def _move(self, within):
        self._bar.update(self._epoch * self.per_epoch + within - self._bar.n)


class Watch(keras.callbacks.Callback):
    """Stops a training at the first epoch whose loss is not finite."""

    def __init__(self, per_epoch):
        super().__init__()
        self.per_epoch, self.found = per_epoch, None

    def on_epoch_end(self, epoch, logs=None):
        """Look at the loss."""
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            self.found = "loss", loss, (epoch + 1) * self.per_epoch
            self.model.stop_training = True


def run(trainer, network, data, *, label, n_epochs, per_epoch, settings, per_batch=1, **options):
    """Run Keras fit; raise where it diverges.

    Parameters
    ----------
    trainer : keras.Model
        Compiled; its `traced` graphs are let go at the end (`lss_base.graphs`).
    network : keras.Model
        What is trained, in place.
    data : object
        What Keras fit takes.
    label : str
        Of the progress bar.
    n_epochs, per_epoch, per_batch : int
        Epochs, updates in each, updates in one batch of Keras.
    settings : Estimator
        Its `callbacks`, `verbose` and `learning_rate` are looked at.
    **options
        For Keras fit.

    Returns
    -------
    dict of list of float
        The history.

    Raises
    ------
    DivergedError
        Where the loss or a weight is no longer finite.
    """
    callbacks = list(options.pop("callbacks", None) or [])
    watch = Watch(per_epoch)
    bar = [ProgressBar(label, n_epochs, per_epoch, per_batch)] if settings.verbose else []
    try:
        history = trainer.fit(
            data,
            epochs=n_epochs,
            callbacks=[*callbacks, watch, *bar],
            shuffle=False,
            verbose=0,
            **options,
        )
    finally:
        trainer.traced.forget()
    for callback in callbacks:
        # The trainer holds the data; a callback that keeps it could not be copied or pickled.
        callback._model = None
    if watch.found is not None:
        raise diverged(*watch.found, settings.learning_rate)
    if not all(np.isfinite(weight).all() for weight in network.get_weights()):
        done = len(history.epoch) * per_epoch
        raise diverged("a weight", "not finite", done, settings.learning_rate)
    return history.history


def diverged(what, value, update, learning_rate):
    """The error of a training that left the finite numbers.

    Parameters
    ----------
    what, value : str, object
        What is not finite, and what it is.
    update : int
        After how many updates it was seen.
    learning_rate : float

    Returns
    -------
    DivergedError
        One line; to be raised by the caller.
    """
    return DivergedError(
        f"{what} is {value} after update {update} of the training, wanted finite numbers; take a "
        f"smaller `learning_rate` than {learning_rate:g}, look for values in the data that are far "
        "larger than the others, or try another `seed`"
    )


class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up over the first 5 % of the updates, then a cosine down to 1 %.

    The number of updates is a variable, so that a longer schedule does not compile anew.
    """

    warm_up, final = 0.05, 0.01

    def __init__(self, peak):
        self.peak = peak
        self.first = keras.Variable(0.0, trainable=False)
        self.n_steps = keras.Variable(1.0, trainable=False)

    def start(self, first, n_steps):
        """Start a schedule of `n_steps` at the optimiser's step `first`."""
        self.first.assign(float(first))
        self.n_steps.assign(float(max(n_steps, 1)))

    def __call__(self, step):
        """Return the learning rate at the optimiser's step."""
        done = (ops.cast(step, "float32") - self.first) / self.n_steps
        warm = (done + 1.0 / self.n_steps) / self.warm_up
        angle = 3.14159265 * ops.clip((done - self.warm_up) / (1 - self.warm_up), 0.0, 1.0)
        cosine = self.final + (1 - self.final) * (1 + ops.cos(angle)) / 2
        return self.peak * ops.minimum(warm, cosine)

    def get_config(self):
        """Return the constructor's arguments."""
        return {"peak": self.peak}


class CosineToZero(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up over 100 updates, or a quarter of fewer than 400, then a cosine to zero.

    Another curve than `WarmupCosine`: the last weights are kept, so that the noise of the batches
    must die away altogether.

    Parameters
    ----------
    peak : float
        The highest learning rate.
    n_updates : int
        Length of the whole schedule.
    """

    def __init__(self, peak, n_updates):
        self.peak, self.n_updates = peak, n_updates

    def __call__(self, step):
        """Return the learning rate at the optimiser's step."""
        step = ops.cast(step, "float32")
        warm_up = min(100, self.n_updates // 4)
        rising = (step + 1) / (warm_up + 1)
        progress = ops.clip((step - warm_up) / (self.n_updates - warm_up), 0.0, 1.0)
        return self.peak * ops.minimum(rising, 0.5 * (1 + ops.cos(math.pi * progress)))

    def get_config(self):
        """Return the constructor's arguments."""
        return {"peak": self.peak, "n_updates": self.n_updates}
