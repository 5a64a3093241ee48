"""Energy scores: proper scoring rules of distributions from which one can draw.

The expected score is lowest where the draws have the distribution of the data at each psi
(Gneiting and Raftery 2007, doi:10.1198/016214506000001437, equation 22).
"""

import tensorflow as tf

from cwgan.features import columns


def energy_score(made, real):
    """Energy score of pairs of draws for each of n cases.

    Parameters
    ----------
    made : tensor (2 n, ..., n_features)
        One draw for each case, then another for each.
    real : tensor (n, ..., n_features)

    Returns
    -------
    tensor ()
        Mean of |X - x| / 2 + |X' - x| / 2 - |X - X'| / 2.
    """
    n = real.shape[0]
    one, two = made[:n], made[n:]
    return tf.reduce_mean(_length(one - real) + _length(two - real) - _length(one - two)) / 2


def torsion_score(made, real, torsions):
    """Energy scores of each torsion by itself, added up over the torsions.

    Parameters
    ----------
    made : tensor (2 n, n_features)
        One draw for each case, then another for each.
    real : tensor (n, n_features)
    torsions : ndarray (n_torsions, 2), int
        Two features of each torsion, which go round a loop as it turns.

    Returns
    -------
    tensor ()
        Mean of the sum over the square root of the number of torsions: as steep as one score.
    """
    if not len(torsions):
        return tf.zeros(())
    picked = torsions.ravel()
    made, real = (tf.reshape(columns(x, picked), (-1, *torsions.shape)) for x in (made, real))
    return energy_score(made, real) * len(torsions) ** 0.5


def _length(v):
    """Lengths along the last axis, of finite slope at zero."""
    return tf.sqrt(tf.reduce_sum(v**2, -1) + 1e-8)
