"""VAMP-r scores of a pair of batches as differentiable losses.

Chen, Sidky & Ferguson, J. Chem. Phys. 150, 214114 (2019), eqs. 9-14; Wu & Noe, J. Nonlinear Sci.
30, 23 (2020).  All covariances are float64: with nearly collinear outputs float32 gradients are
wrong by tens of per cent, and the cost of m x m matrices does not show.

Outputs are scaled to unit variance before `epsilon` is added to the diagonal, so that the
regularisation does not depend on the scale of any output, and a constant output counts as zero
instead of giving NaN.

Under a tf.distribute strategy each replica holds a part of the pairs. Means and covariances are
summed over the replicas before anything is inverted: the score is that of the whole batch. The
mean of the replicas' own scores would be another number, biased upwards the more, the fewer the
pairs of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

# Variance under which an output counts as constant; absolute, in the units of the raw outputs.
_TINY_VARIANCE = 1e-12
# Keeps square roots and broken powers differentiable at an eigenvalue of zero.
_TINY_EIGENVALUE = 1e-12
# How softly the directions that carry a deflated mode are removed from a batch: a correlation of
# .03, which is the noise of a batch of 1,000, loses 8 %; a correlation of 1 loses 99 %.
_DEFLATION_SOFTNESS = 1e-2


def vamp_loss(
    psi_0: tf.Tensor,
    psi_t: tf.Tensor,
    *,
    r: float = 2,
    weights: Sequence[float] | None = None,
    reversible: bool = True,
    epsilon: float = 1e-6,
    known_0: tf.Tensor | None = None,
    known_t: tf.Tensor | None = None,
    pair_weights: tf.Tensor | None = None,
) -> tf.Tensor:
    """Minus the VAMP-r score, -(1 + sum_i w_i lambda_i^r).

    Parameters
    ----------
    psi_0, psi_t : tf.Tensor, shape=(n_pairs, m)
        Outputs of the network at times t and t + lag.
    r : float, default=2
        Exponent, at least 1.  r = 2 without weights is a Frobenius norm and needs no
        eigendecomposition.
    weights : sequence of m floats, optional
        Weight w_i of the i-th largest eigenvalue (or singular value).
    reversible : bool, default=True
        True: symmetrised covariances C0 = (C00 + C11) / 2, C1 = (C01 + C10) / 2 with one common
        mean.  False: singular values of C00^-1/2 C01 C11^-1/2.
    epsilon : float, default=1e-6
        Added to the diagonal of the correlation matrices before they are inverted.
    known_0, known_t : tf.Tensor, shape=(n_pairs, k), optional
        Known slow modes at the two times.  The score is then that of the subspace of the outputs
        that is orthogonal to them (deflation).
    pair_weights : tf.Tensor, shape=(n_pairs,), optional
        Weight of each pair in means and covariances; not negative.

    Returns
    -------
    tf.Tensor, scalar, float64
        Bounded below by -(1 + sum_i w_i); finite for collinear and constant outputs.
    """
    coupling, left, right = _whitened_coupling(psi_0, psi_t, reversible, epsilon, pair_weights)
    if known_0 is not None:
        coupling = _deflated(coupling, left, right, known_0, known_t, pair_weights)
    if r == 2 and weights is None:
        return -(1.0 + tf.reduce_sum(tf.square(coupling)))
    powers = _signed_power(_spectrum(coupling, reversible), r)
    if weights is not None:
        powers *= tf.constant(list(weights), tf.float64)
    return -(1.0 + tf.reduce_sum(powers))


def _whitened_coupling(psi_0, psi_t, reversible, epsilon, weights):
    """Return L0^-1 C1 Lt^-T and the whitened batches, each (m, n_pairs)."""
    psi_0, psi_t = tf.cast(psi_0, tf.float64), tf.cast(psi_t, tf.float64)
    n_pairs = _over_replicas(tf.cast(tf.shape(psi_0)[0], tf.float64))
    psi_0, psi_t = _standardised(psi_0, psi_t, n_pairs, reversible, weights)
    c_00 = _over_replicas(tf.matmul(psi_0, psi_0, transpose_a=True)) / n_pairs
    c_tt = _over_replicas(tf.matmul(psi_t, psi_t, transpose_a=True)) / n_pairs
    if reversible:
        factor_0 = factor_t = _cholesky((c_00 + c_tt) / 2, epsilon)
    else:
        factor_0, factor_t = _cholesky(c_00, epsilon), _cholesky(c_tt, epsilon)
    left = tf.linalg.triangular_solve(factor_0, tf.transpose(psi_0))
    right = tf.linalg.triangular_solve(factor_t, tf.transpose(psi_t))
    coupling = _over_replicas(tf.matmul(left, right, transpose_b=True)) / n_pairs
    if reversible:
        coupling = (coupling + tf.transpose(coupling)) / 2
    return coupling, left, right


def _over_replicas(part):
    """Sum over the replicas of a tf.distribute strategy; its gradient is summed likewise."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return part
    return context.all_reduce(tf.distribute.ReduceOp.SUM, part)


def _standardised(psi_0, psi_t, n_pairs, reversible, weights):
    """Remove the mean and scale to unit variance: common to both ends if reversible.

    With weights, each row is then scaled by the root of its own, so that plain sums of products
    are weighted ones.
    """
    if weights is not None:
        weights = tf.cast(weights, tf.float64)[:, None]
        weights *= n_pairs / _over_replicas(tf.reduce_sum(weights))

    def mean(values):
        if weights is not None:
            values = values * weights
        return _over_replicas(tf.reduce_sum(values, axis=0)) / n_pairs

    mean_0, mean_t = mean(psi_0), mean(psi_t)
    if reversible:
        mean_0 = mean_t = (mean_0 + mean_t) / 2
    psi_0, psi_t = psi_0 - mean_0, psi_t - mean_t
    var_0, var_t = mean(tf.square(psi_0)), mean(tf.square(psi_t))
    if reversible:
        var_0 = var_t = (var_0 + var_t) / 2
    psi_0 *= tf.math.rsqrt(var_0 + _TINY_VARIANCE)
    psi_t *= tf.math.rsqrt(var_t + _TINY_VARIANCE)
    if weights is not None:
        psi_0, psi_t = psi_0 * tf.sqrt(weights), psi_t * tf.sqrt(weights)
    return psi_0, psi_t


def _cholesky(correlation, epsilon):
    size = correlation.shape[0]
    return tf.linalg.cholesky(correlation + epsilon * tf.eye(size, dtype=tf.float64))


def _deflated(coupling, left, right, known_0, known_t, weights):
    """Project the coupling onto the outputs orthogonal to the known modes.

    Two conditions for each known mode z: no output correlates with z at the same time, nor with z
    one lag away.  The second equals the first where z is an exact eigenfunction; where z is a
    noisy observable of a slow process, it is what removes the process itself.
    """
    n_pairs = _over_replicas(tf.cast(tf.shape(known_0)[0], tf.float64))
    known_0, known_t = _standardised(
        tf.cast(known_0, tf.float64), tf.cast(known_t, tf.float64), n_pairs, True, weights
    )
    same = tf.matmul(left, known_0) + tf.matmul(right, known_t)
    lagged = tf.matmul(left, known_t) + tf.matmul(right, known_0)
    overlap = _over_replicas(tf.concat([same, lagged], axis=1)) / (2 * n_pairs)  # (m, 2 k)
    n_constraints = overlap.shape[1]
    gram = tf.matmul(overlap, overlap, transpose_a=True)
    gram += _DEFLATION_SOFTNESS * tf.eye(n_constraints, dtype=tf.float64)
    projector = tf.eye(coupling.shape[0], dtype=tf.float64) - tf.matmul(
        overlap, tf.linalg.solve(gram, tf.transpose(overlap))
    )
    return projector @ coupling @ projector


def _spectrum(coupling, reversible):
    """Eigenvalues (reversible) or singular values of the coupling, largest first."""
    if reversible:
        return tf.linalg.eigvalsh(coupling)[::-1]
    squares = tf.linalg.eigvalsh(tf.matmul(coupling, coupling, transpose_b=True))[::-1]
    return tf.sqrt(tf.maximum(squares, _TINY_EIGENVALUE))


def _signed_power(values, r):
    """Return lambda^r; for r that is not an even integer, with the sign of lambda."""
    if r == 1:
        return values
    magnitudes = tf.pow(tf.maximum(tf.abs(values), _TINY_EIGENVALUE), r)
    return magnitudes if r % 2 == 0 else tf.sign(values) * magnitudes
