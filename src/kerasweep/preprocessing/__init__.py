"""Transformers from arrays to arrays: scaling, columns of tables, noise, a filter."""

from kerasweep.preprocessing._gaussian_noise import GaussianNoise
from kerasweep.preprocessing._median_filter import MedianFilter
from kerasweep.preprocessing._min_max_scaler import MinMaxScaler
from kerasweep.preprocessing._pixel_scaler import PixelScaler
from kerasweep.preprocessing._salt_and_pepper import SaltAndPepper
from kerasweep.preprocessing._table_preprocessor import (
    TablePreprocessor,
    table_preprocessor,
)

__all__ = [
    "GaussianNoise",
    "MedianFilter",
    "MinMaxScaler",
    "PixelScaler",
    "SaltAndPepper",
    "TablePreprocessor",
    "table_preprocessor",
]
