"""Transformers from arrays to arrays: scaling of pixels, and noise."""

from kerasweep.preprocessing._gaussian_noise import GaussianNoise
from kerasweep.preprocessing._min_max_scaler import MinMaxScaler
from kerasweep.preprocessing._pixel_scaler import PixelScaler
from kerasweep.preprocessing._salt_and_pepper import SaltAndPepper

__all__ = ["GaussianNoise", "MinMaxScaler", "PixelScaler", "SaltAndPepper"]
