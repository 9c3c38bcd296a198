"""
Learning curves and the generalization gap
==========================================

One wide network without and with regularizers. Without them the training loss goes to
nothing while the validation loss has long stopped falling.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from kerasweep import DenseClassifier, LearningCurvesDisplay

X, y = load_digits(return_X_y=True)
X = X / 16

settings = {"batch_size": 128, "epochs": 60, "validation_fraction": 0.25}
settings |= {"random_state": 0}
plain = DenseClassifier((256, 128), **settings).fit(X, y)
regularized = DenseClassifier(
    (256, 128), l2=1e-4, dropout=0.3, max_norm=2.0, **settings
).fit(X, y)

# %%
# ``gap=True`` fills the gap between training and validation rows and writes its size in
# the last epoch.

LearningCurvesDisplay.from_history(
    {"plain": plain.history_, "regularized": regularized.history_}
).plot(gap=True)
plt.show()
