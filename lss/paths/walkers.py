"""Many walkers side by side, each as long as it is wanted: what has ended is not simulated on."""

import numpy as np

#: Steps of one compiled call: what a walker that ended is simulated too far, at most.
STEPS = 64
#: A batch has this many walkers times a power of two, so that few sizes are compiled.
BATCH = 40


def run(simulator, psi0, seed, look, first_walker=0):
    """Run walkers until each is done.

    The random numbers of a walker follow from `seed` and its number alone: its path is that of
    `LatentSpaceSimulator.propagate`, whatever runs beside it.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
    psi0 : np.ndarray, shape (n, m)
        Start states.
    seed : int
    look : callable
        Takes the rows of `psi0` that are still run (k,), what they did (k, steps, m), and the
        number of the first of these frames, the start being frame 0. Returns bool (k,): done.
    first_walker : int
        Number of the first walker.
    """
    sampler = simulator.sampler
    known, sampler.chunk_steps = sampler.chunk_steps, STEPS
    rows, psi, step = np.arange(len(psi0)), np.asarray(psi0, np.float32), 0
    try:
        while len(rows):
            # The last walker stands in for those that are not there.
            fill = np.minimum(np.arange(padded(len(rows))), len(rows) - 1)
            numbers = first_walker + rows[fill]
            (chunk,) = sampler.chunks(
                psi[fill], STEPS, seed, first_step=step, walkers=numbers.astype(np.uint32)
            )
            frames = chunk[:, : len(rows)].swapaxes(0, 1)
            kept = ~np.asarray(look(rows, frames, step + 1), bool)
            rows, psi, step = rows[kept], frames[kept, -1], step + STEPS
    finally:
        sampler.chunk_steps = known


def padded(n):
    """Walkers of the batch in which n run."""
    return BATCH * 2 ** int(np.ceil(np.log2(max(1, n / BATCH))))
