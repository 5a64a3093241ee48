"""Single precision on a GPU as on a CPU.

TensorFlow lets a GPU round the factors of a matrix product to 10 bits (TensorFloat-32): of a
coordinate of 2 nm, to .001 nm. A bond fluctuates by .003 nm.
"""

import threading
from contextlib import contextmanager

import tensorflow as tf

_inside = {"count": 0, "before": True}
_lock = threading.Lock()


@contextmanager
def full_precision():
    """Within it, matrix products have all 24 bits; afterwards, what they had before.

    Programs keep what they were compiled with. Threads may be inside at the same time.
    """
    with _lock:
        if not _inside["count"]:
            _inside["before"] = tf.config.experimental.tensor_float_32_execution_enabled()
            tf.config.experimental.enable_tensor_float_32_execution(False)
        _inside["count"] += 1
    try:
        yield
    finally:
        with _lock:
            _inside["count"] -= 1
            if not _inside["count"]:
                tf.config.experimental.enable_tensor_float_32_execution(_inside["before"])
