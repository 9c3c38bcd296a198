"""Random numbers within compiled programs."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from kerasweep.training.backends._runtime import get_runtime

SEED = np.array([1, 2], dtype="int32")


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="The choice is TensorFlow's"
)
def test_dropout_under_xla_does_not_leave_the_algorithm_open():
    """Masks took nine tenths of an epoch on a CPU."""
    import tensorflow as tf

    kinds = []

    def dropped(seed):
        out = tf.nn.experimental.stateless_dropout(tf.ones((1000, 100)), 0.4, seed)
        kinds.extend(op.type for op in out.graph.get_operations())
        return out

    run = get_runtime().compile_function(dropped, (SEED,), True, True)
    out = run(SEED).numpy()
    if not tf.config.list_logical_devices("GPU"):
        assert "StatelessRandomGetKeyCounter" not in kinds
    # 100,000 draws: five standard deviations are 0.8 points
    assert np.mean(out == 0) == pytest.approx(0.4, abs=0.008)
    assert set(np.unique(out)) == {np.float32(0), np.float32(1 / 0.6)}
    assert (run(SEED + 1).numpy() != out).mean() == pytest.approx(0.48, abs=0.01)
    # outside a compiled program TensorFlow chooses as ever
    kinds.clear()
    tf.function(dropped).get_concrete_function(tf.constant(SEED))
    assert "StatelessRandomGetKeyCounter" in kinds


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="The choice is TensorFlow's"
)
def test_other_threads_draw_as_ever_while_a_program_is_compiled():
    """A network of a fleet was initialized meanwhile, and failed."""
    drawn = []

    def initialize():
        return keras.random.uniform((3,), seed=0)

    def function(seed):
        with ThreadPoolExecutor(1) as other:
            drawn.append(np.asarray(other.submit(initialize).result()))
        return seed

    get_runtime().compile_function(function, (SEED,), True, True)
    np.testing.assert_array_equal(drawn[0], np.asarray(initialize()))
