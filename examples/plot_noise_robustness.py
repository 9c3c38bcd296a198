"""
How much noise a classifier stands
==================================

Accuracy against the share of pixels that salt and pepper replaces: for a classifier
trained on clean digits, the same behind a denoiser, and one trained on noise.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from kerasweep import (
    DenoisingAutoencoder,
    DenseClassifier,
    NoiseRobustnessDisplay,
    SaltAndPepper,
    half_accuracy_amounts,
    noise_robustness,
)

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)

clean = DenseClassifier((128,), random_state=0).fit(X, y)
denoiser = DenoisingAutoencoder(
    (256, 256), amount=(0.0, 0.8), epochs=100, learning_rate=0.002, random_state=0
).fit(X)
on_noise = make_pipeline(
    SaltAndPepper(0.4, random_state=0),
    DenseClassifier((128,), epochs=60, random_state=0),
).fit(X, y)

frame = noise_robustness(
    {
        "trained on clean digits": clean,
        "behind the denoiser": make_pipeline(denoiser, clean),
        "trained on noise": on_noise,
    },
    X_test,
    y_test,
    np.linspace(0, 0.9, 10),
    n_repeats=2,
)

# %%
# The noise at which half of the accuracy is lost:

print(half_accuracy_amounts(frame).to_string(index=False))

# %%
# Every method reads the same corrupted rows. The bands are 95 % intervals.

NoiseRobustnessDisplay.from_frame(frame).plot()
plt.show()
