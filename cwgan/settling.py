"""The start of training: near the data by the energy score, before any critic plays.

A torsion that flips in a rare state cannot turn over later: on the way every distance that the
critic sees would be wrong. Straight lines in the coordinates have no such barrier.
"""

import keras
import tensorflow as tf

RATE = 1e-3


def settle(model, n_updates):
    """Lower the energy score of the coordinates alone.

    Parameters
    ----------
    model : AdversarialModel
        Compiled. Its generator is trained, and its smoothed one gets the same weights.
    n_updates : int
    """
    optimizer = keras.optimizers.Adam(RATE)
    weights = model.generator.trainable_variables
    optimizer.build(weights)

    @tf.function(jit_compile=model.jit_compile)
    def updates(call):
        psis, frames = model.frames(call, (model.n_inner, model.half))
        shape = (model.n_inner, 2 * model.half, model.noise_dim)
        # A first seed that frames never have, lest noise and frames know of each other.
        key = tf.stack([-1 - model.seed, call])
        noise = tf.random.stateless_normal(shape, key, alg="philox")

        def body(i):
            psi, real = psis[i], tf.reshape(frames[i], (model.half, -1))
            with tf.GradientTape() as tape:
                made = model.generator([tf.concat([psi, psi], 0), noise[i]])
                score = energy_score(tf.reshape(made, (2 * model.half, -1)), real)
            optimizer.apply(tape.gradient(score, weights), weights)
            return i + 1

        return tf.while_loop(lambda i: i < model.n_inner, body, [tf.constant(0)])

    for call in range(-(-n_updates // model.n_inner)):
        updates(tf.constant(call))
    model.smoothed.set_weights(model.generator.get_weights())


def energy_score(made, real):
    """Energy score of pairs of draws for each of n cases.

    Parameters
    ----------
    made : tensor (2 n, n_features)
        One draw for each case, then another for each.
    real : tensor (n, n_features)

    Returns
    -------
    tensor ()
        Mean of |X - x| / 2 + |X' - x| / 2 - |X - X'| / 2.
    """
    n = real.shape[0]
    one, two = made[:n], made[n:]

    def length(v):  # of finite slope at zero
        return tf.reduce_mean(tf.sqrt(tf.reduce_sum(v**2, 1) + 1e-8))

    return (length(one - real) + length(two - real) - length(one - two)) / 2
