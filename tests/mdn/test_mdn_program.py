"""The compiled sampling loop, as XLA lowers it for a GPU: nothing in it goes back to the host."""

import re

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.functional import functional
from lss_base.precision import full_precision
from mdn import philox
from mdn.sampler import Sampler
from mdn.step import initial_state

#: Operations of HLO by which a program talks to its host, or to code that is not its own.
OUTSIDE = {"custom-call", "infeed", "outfeed", "send", "recv", "send-done", "recv-done", "rng"}
LENGTH, WALKERS = 8, 5


def test_the_loop_is_one_program_of_the_gpu_with_no_way_out(network):
    sampler = Sampler(network)
    free, weights = functional(network, sampler.loop(LENGTH, WALKERS).python_function)
    start = np.full((WALKERS, 3), [0, 2, 2.5], np.float32)
    args = weights, philox.key_of(4), tf.constant(LENGTH), *initial_state(start)
    with full_precision():
        # An operation without a kernel for a GPU would be refused here.
        hlo = free.experimental_get_compiler_ir(*args)(stage="hlo", platform_name="GPU")
    operations = set(re.findall(r" = (?:\(.*?\)|\S+) ([a-z-]+)\(", hlo))
    assert {"while", "dot", "dynamic-update-slice"} <= operations
    assert not operations & OUTSIDE
    # What is lowered is what runs: the path is that of the sampler.
    path, *_ = free(*args)
    np.testing.assert_array_equal(path, np.concatenate(list(sampler.chunks(start, LENGTH, 4))))


def test_a_step_of_the_host_is_refused():
    def step(x):
        return tf.numpy_function(np.abs, [x], tf.float32)

    lower = tf.function(step, jit_compile=True).experimental_get_compiler_ir(tf.ones(3))
    with pytest.raises(ValueError, match="PyFunc"):
        lower(stage="hlo", platform_name="GPU")
