"""How much of a sampling one call of the compiled loop does: rows, steps, and calls at once."""

import os

import tensorflow as tf

# The matrix product of XLA on the CPU changes its order of summation at some 50 rows, and at one.
# Between, every row is summed alike; 40 rows run at 90 % of the speed of 1,000. A single walker
# is therefore run with a shadow.
_CPU_TILE = 40
_CHUNK_SAMPLES = 2**18
_CHUNK_STEPS = (64, 8192)


def tile_rows(n):
    """Walkers of one tile: all on an accelerator; on the CPU equal tiles, 2 to 40 walkers."""
    if tf.config.list_logical_devices("GPU"):
        return n
    return max(2, -(-n // -(-n // _CPU_TILE)))


def chunk_steps(n, n_steps):
    """Steps of one call: few enough for the memory, many enough to hide the call.

    Powers of two, so that runs of different lengths share their compiled loops.
    """
    least, most = _CHUNK_STEPS
    wanted = min(max(_CHUNK_SAMPLES // n, least), most, max(n_steps, 1))
    return 1 << (wanted - 1).bit_length()


def cores():
    """CPU threads that TensorFlow was given; else those this process may run on."""
    given = tf.config.threading.get_intra_op_parallelism_threads()
    given = given or int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0))
    if given:
        return given
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
