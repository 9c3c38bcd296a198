"""Programs are compiled once an architecture, shared, and forgotten."""

import gc
import mmap
import os

import keras
import pytest
from tiers import in_slow_tier
from training_cases import X, Y, assert_same_network, job, network

from kerasweep.training import EarlyStopping, TrainingJob, programs, train
from kerasweep.training.backends._mappings import share_of_mappings
from kerasweep.training.engine import _trace
from kerasweep.training.engine._program import Key, ProgramCache

if keras.backend.backend() == "tensorflow":
    from kerasweep.training.backends import _tensorflow as _tf_runtime

optimizers = keras.optimizers
regularizers = keras.regularizers


def _compilations(jobs):
    before = programs.compilations
    for each in jobs:
        train(each)
    return programs.compilations - before


@pytest.fixture(autouse=True)
def _no_programs():
    programs.clear()


@pytest.mark.xla
def test_numbers_are_inputs():
    jobs = [
        job(
            network(
                optimizers.SGD(rate, momentum=momentum),
                seed=seed,
                regularizer=regularizers.L1L2(l1, l2),
                constraint=keras.constraints.MaxNorm(norm),
            ),
            seed=seed,
            epochs=1 + seed,
        )
        for seed, (rate, momentum, l1, l2, norm) in enumerate(
            [
                (0.1, 0.9, 0.0, 0.1, 1.0),
                (0.2, 0.5, 0.01, 0.0, 2.0),
                (0.3, 0.1, 0.0, 0.0, 3.0),
            ]
        )
    ]
    assert _compilations(jobs) == 1


@pytest.mark.xla
def test_an_input_is_not_taken_for_a_constant():
    # The second network runs the program that was traced for the first.
    for strength in (0.1, 0.5):
        ours, theirs = (
            network(
                optimizers.Adam(0.01, beta_1=1 - strength),
                regularizer=regularizers.L2(strength),
            )
            for _ in range(2)
        )
        train(job(ours, engine="compiled"))
        train(job(theirs, engine="keras"))
        assert_same_network(ours, theirs)
    assert programs.compilations > 0


@pytest.mark.parametrize(
    "rows", [300, *in_slow_tier(310)]
)  # with a batch that is not full, without
def test_programs_for_one_number_of_updates(rows, monkeypatch):
    """As on an accelerator: an epoch's updates are counted when it is compiled."""
    monkeypatch.setattr(_trace, "on_accelerator", lambda: True)
    both = [job(network(), rows=slice(0, n), epochs=3) for n in (rows, rows + 64)]
    assert _compilations(both) == 2
    for fold in (slice(0, rows), slice(0, rows + 64)):
        ours, theirs = network(), network()
        train(job(ours, rows=fold, epochs=3, engine="compiled"))
        train(job(theirs, rows=fold, epochs=3, engine="keras"))
        assert_same_network(ours, theirs)


def test_folds_that_differ_by_a_row_share_a_program():
    jobs = [job(network(), rows=slice(0, n)) for n in (309, 310)]
    assert _compilations(jobs) == 1


def test_another_computation_is_another_program():
    other_loss = job(network(loss="kl_divergence"))
    other_loss.train = (X, keras.utils.to_categorical(Y, 3), None)
    assert _compilations([job(network())]) == 1
    for name, other in {
        "units": job(network(units=17)),
        "dropout": job(network(dropout=0.1)),
        "batch_norm": job(network(batch_norm=True)),
        "metrics": job(network(metrics=())),
        "loss": other_loss,
        "regularizer": job(network(regularizer=regularizers.L1(0.1))),
    }.items():
        assert _compilations([other]) == 1, name
    assert _compilations([job(network())]) == 0


def test_a_regularizer_is_not_changed_by_tracing():
    regularizer = regularizers.L1L2(0.1, 0.2)
    model = network(regularizer=regularizer)
    train(job(model))
    assert model.layers[0].kernel_regularizer is regularizer
    assert model.layers[0].kernel.regularizer is regularizer
    assert (regularizer.l1, regularizer.l2) == (0.1, 0.2)
    assert type(model.optimizer) is optimizers.Adam
    assert model.optimizer.beta_1 == 0.9


def test_the_store_is_bounded():
    cache = ProgramCache(3)
    for key in range(5):
        cache.get((key,), object)
    kept = cache.get((4,), object)
    assert cache.get((4,), object) is kept
    assert len(cache) == 3


def test_a_failed_compilation_can_be_tried_again():
    cache = ProgramCache(3)
    with pytest.raises(ZeroDivisionError):
        cache.get(("a",), lambda: 1 / 0)
    assert cache.get(("a",), lambda: 7) == 7


def test_a_callers_function_can_stop_the_run():
    seen = []

    def on_epoch(epoch, logs):
        seen.append((epoch, set(logs)))
        return epoch == 1

    result = train(job(network(), on_epoch=on_epoch, validation=True))
    assert [epoch for epoch, _ in seen] == [0, 1]
    assert seen[0][1] == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert len(result.history["loss"]) == 2


def test_what_a_callers_function_raises_is_raised():
    def on_epoch(epoch, logs):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        train(job(network(), on_epoch=on_epoch))


class Mine(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3, activation="softmax")

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x)


class OwnStep(keras.Sequential):
    def train_step(self, *args):
        return super().train_step(*args)


def _own_step():
    model = OwnStep([keras.Input((12,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def _subclassed():
    model = Mine()
    model.compile(loss="sparse_categorical_crossentropy")
    model.build((None, 12))
    return model


@pytest.mark.parametrize(
    ("make", "fields", "reason"),
    [
        (
            network,
            {"keras_callbacks": [keras.callbacks.TerminateOnNaN()]},
            r"callbacks \(TerminateOnNaN\)",
        ),
        (_own_step, {}, "OwnStep has a train_step of its own"),
        (_subclassed, {}, "Mine is not sequential or functional"),
        (lambda: network(optimizers.SGD(0.1, use_ema=True)), {}, "averages weights"),
        (
            lambda: network(optimizers.SGD(0.1, gradient_accumulation_steps=2)),
            {},
            "accumulates gradients",
        ),
    ],
    ids=["callbacks", "train_step", "subclass", "average", "accumulation"],
)
def test_what_the_engine_cannot_express(make, fields, reason):
    with pytest.raises(ValueError, match=reason):
        train(job(make(), engine="compiled", **fields))
    result = train(job(make(), epochs=1, **fields))
    assert result.engine == "keras"
    assert result.reason


def test_unknown_engine():
    with pytest.raises(ValueError, match="'auto', 'compiled' or 'keras'"):
        train(job(network(), engine="fast"))


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")
@pytest.mark.slow
def test_memory_does_not_grow_with_fits():
    def resident():
        with open("/proc/self/statm") as numbers:
            return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def fit():
        model = network(units=64)
        train(
            TrainingJob(
                model,
                (X, Y, None),
                2,
                64,
                seed=0,
                engine="compiled",
                validation=(X, Y, None),
                early_stopping=EarlyStopping(1),
            )
        )

    for _ in range(30):
        fit()
    gc.collect()
    before = resident()
    for _ in range(100):
        fit()
    gc.collect()
    assert (resident() - before) / 100 < 0.1


on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX frees its programs"
)


def _uses_xla(which):
    train(which)
    (key,) = [key for key in programs.keys() if isinstance(key, Key)]
    return key.xla


@pytest.mark.xla
@on_tensorflow
def test_tensorflows_kernels_take_over_before_the_process_runs_out_of_mappings(
    monkeypatch,
):
    first, second = (job(network(optimizers.Adam(0.01)), epochs=2) for _ in range(2))
    monkeypatch.setattr(_tf_runtime, "share_of_mappings", lambda: 0.4)
    assert _uses_xla(first)
    monkeypatch.setattr(_tf_runtime, "share_of_mappings", lambda: 0.6)
    assert _uses_xla(first), "a program that is there costs nothing more"
    programs.clear()
    assert not _uses_xla(second)


@pytest.mark.xla
@on_tensorflow
def test_networks_that_draw_random_numbers_draw_the_same_ones_for_longer(monkeypatch):
    monkeypatch.setattr(_tf_runtime, "share_of_mappings", lambda: 0.6)
    assert _uses_xla(job(network(optimizers.Adam(0.01), dropout=0.5)))
    programs.clear()
    monkeypatch.setattr(_tf_runtime, "share_of_mappings", lambda: 0.95)
    assert not _uses_xla(job(network(optimizers.Adam(0.01), dropout=0.5)))


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="Linux only")
def test_the_share_of_mappings_grows_with_them():
    before = share_of_mappings()
    assert 0 < before < 1
    # Neighbours of one kind would be counted as one.
    held = [
        mmap.mmap(-1, 4096, prot=mmap.PROT_READ | (mmap.PROT_EXEC if i % 2 else 0))
        for i in range(400)
    ]
    assert share_of_mappings() > before
    for one in held:
        one.close()
