"""Schedules against their formulas, the bar, and the watch for divergence."""

import keras
import numpy as np
import pytest

from lss_base.estimators import DivergedError
from lss_base.graphs import TracedGraphs
from lss_base.training import CosineToZero, ProgressBar, WarmupCosine, diverged, run


class Settings:
    callbacks, verbose, learning_rate = None, False, 0.5


def rates(schedule, steps):
    return [float(schedule(step)) for step in steps]


def test_warm_up_and_cosine():
    schedule = WarmupCosine(2.0)
    schedule.start(100, 1000)
    # Up over 50 steps, the first at a fiftieth; down to 1 % at the end; half way down in between.
    found = rates(schedule, [100, 149, 100 + 525, 1100])
    assert found == pytest.approx([2 / 50, 2.0, 2 * (0.01 + 0.99 / 2), 0.02], rel=1e-4)


def test_cosine_to_zero():
    found = rates(CosineToZero(2.0, 1100), [0, 100, 600, 1100])
    assert found == pytest.approx([2 / 101, 2.0, 1.0, 0.0], abs=1e-5)
    assert rates(CosineToZero(1.0, 40), [10]) == pytest.approx([1.0])


@pytest.fixture
def model():
    """One weight, whose loss is what the data say."""
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.compile("sgd", loss=lambda wanted, made: wanted + 0 * made)
    network.traced = TracedGraphs()
    return network


def test_a_loss_that_is_not_finite_ends_the_training(model):
    seen = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    settings = Settings()
    y = np.array([[1.0], [np.nan]])
    with pytest.raises(DivergedError, match="loss is nan after update 2 of the training") as raised:
        run(
            *(model, model, np.ones((2, 1))),
            **{"label": "x", "n_epochs": 3, "per_epoch": 2, "settings": settings},
            **{"y": y, "batch_size": 1, "callbacks": [watch]},
        )
    assert seen == [0] and watch._model is None
    assert "`learning_rate` than 0.5" in str(raised.value)


def test_weights_are_looked_at_too(model):
    model.set_weights([np.array([[np.inf]])])
    model.compile("sgd", loss=lambda wanted, made: wanted)
    model.trainable = False
    with pytest.raises(DivergedError, match="a weight is not finite after update 1"):
        run(
            *(model, model, np.ones((1, 1))),
            **{"label": "x", "n_epochs": 1, "per_epoch": 1, "settings": Settings()},
            **{"y": np.ones((1, 1)), "batch_size": 1},
        )


def test_the_error_is_one_line():
    message = str(diverged("loss", float("nan"), 12, 1e30))
    assert message.startswith(
        "loss is nan after update 12 of the training, wanted finite numbers; "
    )
    assert "\n" not in message and "1e+30" in message


def test_the_bar_counts_updates_and_ends_full(capsys):
    bar = ProgressBar("label", 2, 250, per_batch=100, shown=("loss",))
    bar.on_train_begin()
    positions = []
    for epoch in range(2):
        for batch in range(3):
            bar.on_train_batch_end(batch)
            positions.append(bar._bar.n)
        bar.on_epoch_end(epoch, {"loss": 0.5, "other": 1.0})
    bar.on_train_end()
    assert positions == [100, 200, 250, 350, 450, 500]
    told = capsys.readouterr().err
    assert "label" in told and "loss=0.5" in told and "other" not in told
