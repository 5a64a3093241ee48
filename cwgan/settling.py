"""The start of training: near the data by energy scores, before any critic plays.

A torsion that flips in a rare state cannot turn over later: on the way every distance that the
critic sees would be wrong. Straight lines in the coordinates, and the torsions by themselves, have
no such barrier.
"""

import keras
import tensorflow as tf

RATE = 1e-3


def settle(model, n_updates):
    """Lower the energy scores of the coordinates and of the torsions alone.

    Parameters
    ----------
    model : AdversarialModel
        Compiled. Its generator is trained, and its smoothed one gets the same weights.
    n_updates : int
    """
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build(model.generator.trainable_variables)

    @tf.function(jit_compile=model.jit_compile)
    def updates(call):
        psis, frames = model.frames(call, (model.n_inner, model.half))
        shape = (model.n_inner, 2 * model.half, model.noise_dim)
        # A first seed that frames never have, so that noise and frames are independent.
        key = tf.stack([-1 - model.seed, call])
        noise = tf.random.stateless_normal(shape, key, alg="philox")

        def body(i):
            model.traced.note()
            model.lower_scores(psis[i], frames[i], noise[i], optimizer)
            return i + 1

        return tf.while_loop(lambda i: i < model.n_inner, body, [tf.constant(0)])

    for call in range(-(-n_updates // model.n_inner)):
        updates(tf.constant(call))
    model.smoothed.set_weights(model.generator.get_weights())
