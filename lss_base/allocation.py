"""Memory that is freed stays with the process, to be taken again."""

import ctypes
from functools import cache

import numpy as np
import tensorflow as tf

# Numbers of malloc.h, and the largest values to which glibc raises them by itself.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST = 32 * 2**20


@cache
def keep_freed_memory():
    """Undo what the first generator dataset of a process does to malloc.

    It sets M_TRIM_THRESHOLD to 128 kB (TensorFlow 2.21), and so ends that glibc adapts its
    thresholds: from then on each larger array is made of fresh pages of the system, which costs
    page faults, and a third of the time of a training. Keras reads each PyDataset by such a
    dataset. TensorFlow does it once: here for the first time, before it is undone.
    """
    signature = tf.TensorSpec((1,), tf.float32)
    for _ in tf.data.Dataset.from_generator(
        lambda: iter(np.zeros((1, 1), np.float32)), output_signature=signature
    ):
        pass
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc's
        mallopt(_M_MMAP_THRESHOLD, _LARGEST)
        mallopt(_M_TRIM_THRESHOLD, 2 * _LARGEST)
