"""
Sampled digits and a map of the latent plane
============================================

A variational autoencoder learns a distribution of digits. With two latent units its
codes can be drawn on a plane; a conditional one draws a digit that is asked for.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from kerasweep import LatentSpaceDisplay, SampleGridDisplay, VariationalAutoencoder

X, y = load_digits(return_X_y=True)
X = X / 16

# %%
# A line of samples per class, drawn from a mixture that is fitted to each class' codes.

conditional = VariationalAutoencoder(
    8,
    hidden_layer_sizes=(256, 128),
    conditional=True,
    prior="mixture",
    epochs=100,
    learning_rate=0.002,
    random_state=0,
).fit(X, y)
SampleGridDisplay.from_estimator(conditional, random_state=0).plot()
plt.show()

# %%
# Where each digit's code lies, and what the decoder makes of the whole plane.

flat = VariationalAutoencoder(
    2,
    hidden_layer_sizes=(256, 128),
    epochs=100,
    learning_rate=0.002,
    random_state=0,
).fit(X)
LatentSpaceDisplay.from_estimator(flat, X, y, n_grid=15).plot()
plt.show()
