"""scikit-learn's own checks, over every estimator."""

import re

import keras
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from kerasweep import (
    ConvClassifier,
    DenoisingAutoencoder,
    DenseClassifier,
    DenseRegressor,
    KerasClassifier,
    KerasRegressor,
    TabularClassifier,
    TabularRegressor,
    VariationalAutoencoder,
)
from kerasweep.training.backends._runtime import get_runtime


def small_classifier(meta):
    several_labels = meta["target_type_"] == "multilabel-indicator"
    activation = "sigmoid" if several_labels else "softmax"
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(meta["n_classes_"], activation=activation),
        ]
    )


def small_regressor(meta):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(meta["n_outputs_"]),
        ]
    )


SETTINGS = {"epochs": 8, "batch_size": 16, "random_state": 0}
# The checks' data are not in [0, 1], which cross-entropy needs.
ANY_VALUES = {"loss": "mean_squared_error", "noise": "gaussian", "amount": 0.1}
ANY_VALUES |= {"low": None, "high": None}
QUICK_TABLE = {"n_members": 2, "n_frequencies": 8, "embedding_width": 4}
QUICK_TABLE |= {"learning_rate": 0.02, **SETTINGS, "epochs": 12}
ESTIMATORS = [
    ConvClassifier(),
    DenseClassifier(),
    DenseRegressor(),
    ConvClassifier((8,), dense=(16,), learning_rate=0.05, **SETTINGS),
    DenseClassifier((16,), learning_rate=0.05, **SETTINGS),
    DenseRegressor((16,), learning_rate=0.05, **SETTINGS),
    KerasClassifier(
        small_classifier, optimizer=keras.optimizers.Adam, **SETTINGS
    ).set_params(optimizer__learning_rate=0.05),
    KerasRegressor(small_regressor, **SETTINGS).set_params(
        optimizer__learning_rate=0.05
    ),
    TabularClassifier((16,), **QUICK_TABLE),
    TabularRegressor((16,), **QUICK_TABLE),
]
AUTOENCODERS = [
    DenoisingAutoencoder((16,), **ANY_VALUES, **SETTINGS),
    DenoisingAutoencoder(
        architecture="conv", filters=(4,), dense=4, **ANY_VALUES, **SETTINGS
    ),
    VariationalAutoencoder(
        2, (16,), likelihood="gaussian", learning_rate=0.05, **SETTINGS
    ),
    VariationalAutoencoder(
        2, (16,), likelihood="gaussian", conditional=True, **SETTINGS
    ),
]

WEIGHTS_ARE_NOT_REPEATS = (
    "stochastic batches: a row with weight 2 is in one batch, a repeated row in two"
)
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": WEIGHTS_ARE_NOT_REPEATS,
}


BY_POSITION = "a row's draws in score_samples depend on its position in X"


def expected_failed_checks(estimator):
    if not isinstance(estimator, VariationalAutoencoder):
        return EXPECTED_FAILURES
    return {
        **EXPECTED_FAILURES,
        "check_methods_sample_order_invariance": BY_POSITION,
        "check_methods_subset_invariance": BY_POSITION,
    }


CHECKS = parametrize_with_checks(
    [*ESTIMATORS, *AUTOENCODERS], expected_failed_checks=expected_failed_checks
)


#: These train nothing: the fast tier has them, of every estimator.
WITHOUT_TRAINING = {
    f"check_{name}"
    for name in (
        "complex_data",
        "do_not_raise_errors_in_init_or_set_params",
        "estimator_cloneable",
        "estimator_repr",
        "estimator_sparse_array",
        "estimator_sparse_matrix",
        "estimator_tags_renamed",
        "estimators_empty_data_messages",
        "estimators_unfitted",
        "fit1d",
        "get_params_invariance",
        "mixin_order",
        "no_attributes_set_in_init",
        "parameters_default_constructible",
        "requires_y_none",
        "set_params",
        "valid_tag_types",
    )
}


def name_of(check):
    return getattr(check, "func", check).__name__


def in_its_tier(case):
    """Leave to the slow tier what trains."""
    case = case if hasattr(case, "marks") else pytest.param(*case)
    slow = [] if name_of(case.values[1]) in WITHOUT_TRAINING else [pytest.mark.slow]
    return pytest.param(*case.values, marks=[*case.marks, *slow])


def without_address(part):
    """Name a test alike in each of pytest-xdist's processes."""
    return re.sub("at0x[0-9a-f]+", "", CHECKS.kwargs["ids"](part))


@pytest.fixture
def without_xla(monkeypatch):
    """Compile some thousand small programs in a third of the time."""
    runtime = get_runtime()
    monkeypatch.setattr(runtime, "has_room_for_xla", lambda draws: False)


@pytest.mark.usefixtures("without_xla")
# The checks' rows are not square images.
@pytest.mark.filterwarnings("ignore:X of ConvClassifier has .* no square number")
@pytest.mark.filterwarnings("ignore:X of DenoisingAutoencoder has:UserWarning")
@pytest.mark.parametrize(
    CHECKS.args[0], [in_its_tier(case) for case in CHECKS.args[1]], ids=without_address
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_every_check_that_trains_nothing_is_known():
    names = {name_of(getattr(case, "values", case)[1]) for case in CHECKS.args[1]}
    assert WITHOUT_TRAINING <= names


def test_no_check_of_classifiers_or_regressors_is_left_out():
    # On plain scikeras, which has no estimator type, only the general ones run.
    from sklearn.utils.estimator_checks import estimator_checks_generator

    for estimator in ESTIMATORS:
        kind = "classif" if hasattr(estimator, "class_weight") else "regress"
        names = [name_of(check) for _, check in estimator_checks_generator(estimator)]
        assert len(names) > 55
        assert sum(kind in name for name in names) >= 5
