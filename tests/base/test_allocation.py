"""Freed memory is taken again: page faults after a generator dataset, in a process of its own."""

import subprocess
import sys

import pytest

LOOP = """
import resource
import sys

import numpy as np
import tensorflow as tf

from lss_base.allocation import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
spec = tf.TensorSpec((1,), tf.float32)
for _ in tf.data.Dataset.from_generator(lambda: iter(np.zeros((1, 1), "f")), output_signature=spec):
    pass


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


np.ones(2**21)
before = faults()
for _ in range(50):
    np.ones(2**21)
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="malloc of glibc")
def test_arrays_are_made_of_the_pages_of_those_before():
    found = {}
    for way in ("kept", "not"):
        done = subprocess.run(
            [sys.executable, "-c", LOOP, way], capture_output=True, text=True, check=True
        )
        found[way] = int(done.stdout)
    # 50 arrays of 16 MB are 400 pages of 2 MB, or 200,000 of 4 kB; one array may be made anew.
    assert found["kept"] < found["not"] / 10 and found["not"] > 200
