"""Programs that are given their weights: such XLA lowers for devices that are not there."""

import keras
import tensorflow as tf


def functional(model, function):
    """A function of (weights, ...) in place of one that reads the variables of a model."""

    @tf.function(jit_compile=True)
    def free(weights, *args):
        with keras.StatelessScope(state_mapping=list(zip(model.variables, weights, strict=True))):
            return function(*args)

    return free, [tf.constant(v.numpy()) for v in model.variables]
