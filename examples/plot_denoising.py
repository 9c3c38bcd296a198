"""
A gallery of denoised digits
============================

A denoising autoencoder is a transformer: ``fit`` is given clean images and corrupts
them itself, and ``transform`` takes the noise out. A median filter, which learns
nothing, stands beside it.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from kerasweep import (
    DenoisingAutoencoder,
    DenoisingDisplay,
    DenseClassifier,
    MedianFilter,
)

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)

denoisers = {
    "median filter": MedianFilter(size=3).fit(X),
    "autoencoder": DenoisingAutoencoder(
        (256, 256),
        amount=(0.0, 0.8),
        epochs=100,
        learning_rate=0.002,
        random_state=0,
    ).fit(X),
}
classifier = DenseClassifier((128,), random_state=0).fit(X, y)

# %%
# One image per class, each more corrupted than the one on its left. Below each image is
# what a classifier reads that was trained on clean digits; the wrong ones are marked.

first = [list(y_test).index(digit) for digit in range(8)]
DenoisingDisplay.from_denoisers(
    denoisers,
    X_test[first],
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
    classifier=classifier,
    y=y_test[first],
).plot()
plt.show()
