"""Ancestral sampling of many walkers: compiled, streamed, and the same whatever runs beside it.

Random numbers are keyed by (seed, walker, step), see `philox`. On the CPU walkers go through the
network in tiles small enough that a row's result does not depend, to the last bit, on the number
of rows; so neither the number of walkers nor the chunk size nor the number of cores changes a
path.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from lss_base.estimators import check_choice, check_count, refusal
from lss_base.precision import full_precision
from lss_base.trajectories import as_parts
from mdn import philox, pieces
from mdn.head import OUTPUTS, training_range
from mdn.step import State, initial_state, make_advance, make_step, numbers

if TYPE_CHECKING:
    import keras
    from numpy.typing import ArrayLike


class Sampler:
    """Trajectories of a mixture density network.

    Parameters
    ----------
    model : keras.Model
        psi (n, m) -> dict of `logits` (n, C), `loc` (n, C, m), `scale` (n, C, m), in the units of
        psi; as trained, or as of `keras.models.load_model`.
    low, high : array-like, shape (m,), units of psi, optional
        The training range. Read from the model where not given.
    outside : {'redraw', 'clip'}
        What becomes of a sample outside the range: drawn again, at most 16 times
        (`mdn.step.MAX_REDRAWS`), or clipped to it.
    chunk_steps : int, optional
        Steps of one compiled call. It does not change the samples.

    Attributes
    ----------
    outside_fraction : float
        Part of all samples so far whose first draw fell outside; nan before the first.
    clipped_fraction : float
        Part that had to be clipped.

    Raises
    ------
    ValueError
        For a model of other outputs, a range of other shape, or an unknown `outside`.
    """

    def __init__(
        self,
        model: keras.Model,
        low: ArrayLike | None = None,
        high: ArrayLike | None = None,
        outside: str = "redraw",
        chunk_steps: int | None = None,
    ):
        check_choice("outside", outside, ("redraw", "clip"))
        outputs = getattr(model, "output", None)
        if not isinstance(outputs, dict) or set(outputs) != set(OUTPUTS):
            raise refusal(
                "model",
                f"one that returns {outputs!r}",
                f"one that returns a dict of {', '.join(OUTPUTS)}",
                "take the model of a fitted Propagator, or a saved one",
            )
        if chunk_steps is not None:
            check_count("chunk_steps", chunk_steps, 1, 2**31 - 1)
        self.model, self.outside, self.chunk_steps = model, outside, chunk_steps
        if low is None or high is None:
            own_low, own_high = training_range(model)
            low, high = (own_low if low is None else low), (own_high if high is None else high)
        self.low, self.high = _checked_range(low, high, model.input_shape[-1])
        self.step = make_step(model, self.low, self.high, outside)
        self._compiled = {}
        self._counts = np.zeros(3, np.int64)

    @property
    def counts(self) -> tuple[int, ...]:
        """Samples so far, those whose first draw fell outside, and those that were clipped."""
        return tuple(map(int, self._counts))

    @property
    def outside_fraction(self) -> float:
        return float(self._counts[1] / self._counts[0]) if self._counts[0] else float("nan")

    @property
    def clipped_fraction(self) -> float:
        return float(self._counts[2] / self._counts[0]) if self._counts[0] else float("nan")

    def chunks(
        self,
        psi0: ArrayLike,
        n_steps: int,
        seed: int,
        first_walker: int = 0,
        first_step: int = 0,
        walkers: ArrayLike | None = None,
    ) -> Iterator[np.ndarray]:
        """Run the walkers and hand out what they did, piece by piece.

        Parameters
        ----------
        psi0 : array-like, shape (n_walkers, m), units of psi
            Where the walkers start; not part of the output.
        n_steps : int
            Steps, each one lag time.
        seed : int
            With the numbers of walker and step it decides every sample.
        first_walker, first_step : int
            Numbers of the first walker (for a part of a larger set) and of the first step (to
            go on where another run ended, from its last samples).
        walkers : array-like of int, shape (n_walkers,), optional
            Numbers of all walkers, in place of consecutive ones from `first_walker`.

        Yields
        ------
        np.ndarray, shape (k, n_walkers, m), float32, units of psi
            Consecutive steps; the k of all chunks add up to `n_steps`.

        Raises
        ------
        ValueError
            For starts of a wrong shape or not finite, counts out of range, and walkers that are
            not one number for each start.
        """
        psi0 = self._checked_start(psi0)
        check_count("n_steps", n_steps, 0, 2**62)
        check_count("first_walker", first_walker, 0, 2**32 - len(psi0))
        check_count("first_step", first_step, 0, 2**62)
        if walkers is None:
            walkers = first_walker + np.arange(len(psi0))
        walkers = _checked_walkers(walkers, len(psi0))
        return self._run(psi0, int(n_steps), philox.key_of(seed), walkers, first_step)

    def _run(self, psi0, n_steps, key, walkers, first_step):
        n = len(psi0)
        rows = pieces.tile_rows(n)
        length = self.chunk_steps or pieces.chunk_steps(n, n_steps)
        starts = range(0, n, rows)
        psi0, walkers = (
            np.concatenate([a, np.repeat(a[-1:], len(starts) * rows - n, axis=0)])
            for a in (psi0, walkers)
        )
        states = [
            initial_state(psi0[i : i + rows], walkers[i : i + rows], first_step) for i in starts
        ]
        run = self._compile(length, rows)
        with ThreadPoolExecutor(min(len(states), pieces.cores())) as pool:
            done = 0
            while done < n_steps:
                k = min(length, n_steps - done)
                call = functools.partial(run, key, tf.constant(k))
                # An exception in a tile surfaces here, out of the iterator.
                with full_precision():
                    results = list(pool.map(call, *zip(*states, strict=True)))
                states = [State(*result[1:]) for result in results]
                chunk = np.concatenate([r[0].numpy()[:k] for r in results], axis=1)[:, :n]
                states = self._count(states, k, n)
                done += k
                yield chunk

    def _count(self, states, k, n):
        """Add the walkers' counters to the totals, without the padding, and clear them."""
        outside = np.concatenate([s.outside.numpy() for s in states])[:n]
        clipped = np.concatenate([s.clipped.numpy() for s in states])[:n]
        self._counts += (k * n, outside.sum(), clipped.sum())
        zeros = tf.zeros_like(states[0].outside)
        return [s._replace(outside=zeros, clipped=zeros) for s in states]

    def _compile(self, length, rows):
        """The compiled loop of at most `length` steps of `rows` walkers."""
        if (length, rows) not in self._compiled:
            example = initial_state(np.zeros((rows, len(self.low)), np.float32))
            run = self.loop(length, rows)
            compiled = run.get_concrete_function(philox.key_of(0), tf.constant(1), *example)
            self._compiled[length, rows] = compiled
        return self._compiled[length, rows]

    def loop(self, length: int, rows: int) -> Callable:
        """The sampling loop as a function that XLA compiles whole.

        Parameters
        ----------
        length : int
            Steps at most.
        rows : int
            Walkers.

        Returns
        -------
        tf.function
            Of the key (`philox.key_of(seed)`), the steps to make and the parts of a
            `mdn.step.State`. Returns the path, (length, rows, m) float32 in units of psi, and the
            parts of the state after it.
        """
        m = len(self.low)
        advance = make_advance(self.model, self.low, self.high, self.outside)

        @tf.function(jit_compile=True)
        def run(key, n_steps, *state):
            state = State(*state)
            path = tf.TensorArray(tf.float32, length, element_shape=(rows, m))
            # All first draws at once: inside the loop they would cost four times as much.
            steps = state.step + tf.range(length, dtype=tf.int64)[:, None]
            u, z = numbers(key, state.walker[None], steps, 0, m)

            def body(i, path, *state):
                state = advance(State(*state), key, u[i], z[i])
                return (i + 1, path.write(i, state.psi), *state)

            _, path, *state = tf.while_loop(
                lambda i, *_: i < n_steps, body, (0, path, *state), maximum_iterations=length
            )
            return (path.stack(), *state)

        return run

    def _checked_start(self, psi0):
        psi0 = np.array(psi0)
        m = len(self.low)
        if psi0.ndim != 2 or psi0.shape[1] != m or not len(psi0):
            raise refusal(
                "psi0",
                f"an array of shape {psi0.shape}",
                f"shape (n_walkers, {m}) with n_walkers at least 1",
                "give each walker a row",
            )
        return as_parts("psi0", psi0, m)[0]


def _checked_range(low, high, m):
    low, high = (np.asarray(a, np.float32) for a in (low, high))
    if low.shape != (m,) or high.shape != (m,):
        raise refusal(
            "low, high",
            f"arrays of shapes {low.shape} and {high.shape}",
            f"shape ({m},) each",
            "give a number for each coordinate",
        )
    if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
        raise refusal(
            "low, high", f"{low} and {high}", "finite numbers, low below high", "order them so"
        )
    return low, high


def _checked_walkers(walkers, n):
    numbers = np.asarray(walkers)
    if numbers.shape != (n,) or numbers.dtype.kind not in "iu":
        raise refusal(
            "walkers",
            f"an array of {numbers.dtype} and shape {numbers.shape}",
            f"whole numbers of shape ({n},)",
            "give each walker its number",
        )
    if numbers.min() < 0 or numbers.max() >= 2**32:
        raise refusal(
            "walkers",
            f"numbers from {numbers.min()} to {numbers.max()}",
            "numbers from 0 to 2**32 - 1",
            "number the walkers so",
        )
    return numbers.astype(np.uint32)
