"""Keras networks as scikit-learn estimators."""

from kerasweep.estimators._conv_classifier import ConvClassifier
from kerasweep.estimators._denoising_autoencoder import DenoisingAutoencoder
from kerasweep.estimators._dense_classifier import DenseClassifier
from kerasweep.estimators._dense_regressor import DenseRegressor
from kerasweep.estimators._keras_classifier import KerasClassifier
from kerasweep.estimators._keras_regressor import KerasRegressor
from kerasweep.estimators._tabular_classifier import TabularClassifier
from kerasweep.estimators._tabular_regressor import TabularRegressor
from kerasweep.estimators._variational_autoencoder import VariationalAutoencoder

__all__ = [
    "ConvClassifier",
    "DenoisingAutoencoder",
    "DenseClassifier",
    "DenseRegressor",
    "KerasClassifier",
    "KerasRegressor",
    "TabularClassifier",
    "TabularRegressor",
    "VariationalAutoencoder",
]
