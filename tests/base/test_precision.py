"""Rounding on a GPU: set where it matters, and as it was afterwards."""

import pytest
import tensorflow as tf

from lss_base.precision import full_precision

allowed = tf.config.experimental.tensor_float_32_execution_enabled


@pytest.mark.parametrize("before", [True, False])
def test_rounding_is_as_before_afterwards(before):
    given = allowed()
    tf.config.experimental.enable_tensor_float_32_execution(before)
    try:
        with full_precision(), full_precision():
            assert not allowed()
        assert allowed() is before
        with pytest.raises(ZeroDivisionError), full_precision():
            raise ZeroDivisionError
        assert allowed() is before
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(given)


def test_a_function_has_it_as_long_as_it_runs():
    assert not full_precision()(allowed)()


def test_the_program_asks_for_full_precision():
    def lowered():
        product = tf.function(lambda x, y: x @ y, jit_compile=True)
        x = tf.ones((8, 8))
        return product.experimental_get_compiler_ir(x, x)(stage="hlo", platform_name="GPU")

    assert "operand_precision={highest,highest}" not in lowered()
    with full_precision():
        assert "operand_precision={highest,highest}" in lowered()
