"""Fitted estimators to save, small and of every kind."""

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerasweep import (
    ConvClassifier,
    DenoisingAutoencoder,
    DenseClassifier,
    DenseRegressor,
    KerasClassifier,
    PixelScaler,
    SaltAndPepper,
    TabularClassifier,
    TabularRegressor,
    VariationalAutoencoder,
)

X, y = load_digits(return_X_y=True)
X, y = X[:80], y[:80]
NAMES = np.array([f"digit {k}" for k in range(10)])
FAST = {"epochs": 1, "random_state": 0}


def network(meta, units=4):
    """Build a user's own model."""
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


MADE = {
    "dense": lambda: make_pipeline(
        PixelScaler(16),
        SaltAndPepper(0.1, random_state=0),
        DenseClassifier(
            (8,),
            l2=np.float64(1e-3),
            dropout=0.1,
            max_norm=2.0,
            batch_normalization=True,
            class_weight={"digit 1": 2.0},
            learning_rate_schedule="cosine",
            **FAST,
        ),
    ),
    "conv": lambda: make_pipeline(
        PixelScaler(16), ConvClassifier((4,), max_shift=0.1, **FAST)
    ),
    "regressor": lambda: make_pipeline(
        StandardScaler(),
        DenseRegressor(
            8, learning_rate=keras.optimizers.schedules.CosineDecay(0.01, 9), **FAST
        ),
    ),
    "table of classes": lambda: TabularClassifier(
        (4,), n_members=2, categorical_features=[1, 2], max_one_hot=2, **FAST
    ),
    "table of numbers": lambda: TabularRegressor((4,), n_members=2, **FAST),
    "own": lambda: KerasClassifier(
        network, model__units=6, optimizer__learning_rate=0.01, **FAST
    ),
    "denoiser": lambda: make_pipeline(
        PixelScaler(16),
        DenoisingAutoencoder(architecture="conv", filters=(2, 4), dense=4, **FAST),
    ),
    "sampler": lambda: make_pipeline(
        PixelScaler(16),
        VariationalAutoencoder(
            2, (8,), conditional=True, binarize=True, prior="mixture", **FAST
        ),
    ),
    "normal": lambda: VariationalAutoencoder(2, (8,), likelihood="gaussian", **FAST),
}


def fitted(kind):
    """Return a fitted estimator of a kind."""
    target = NAMES[y] if kind in ("dense", "sampler") else y
    return MADE[kind]().fit(X, target)


def answers(estimator):
    """Return all that an estimator says of the rows."""
    last = getattr(estimator, "steps", [[None, estimator]])[-1][1]
    found = {
        name: getattr(estimator, name)(X)
        for name in ("predict", "predict_proba", "transform")
        if hasattr(estimator, name)
    }
    if hasattr(last, "sample"):
        found["sample"] = last.sample(5, random_state=1)
        asked = NAMES[y] if last.conditional else None
        found["elbo"] = last.score_samples(X / 16, asked, random_state=1)
    return found
