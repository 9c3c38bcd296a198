"""
What a network gets wrong
=========================

The test digits that a convolutional network misreads, the most confident mistakes
first, and each class' precision, recall and F1 with their intervals.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from kerasweep import (
    ClassReportDisplay,
    ConvClassifier,
    MisclassifiedDisplay,
    PixelScaler,
)

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
model = make_pipeline(
    PixelScaler(max_value=16),
    ConvClassifier((16, 32), padding="same", epochs=30, random_state=0),
).fit(X, y)

MisclassifiedDisplay.from_estimator(model, X_test, y_test, image_shape=(8, 8)).plot()
plt.show()

# %%
# Classes in the order of their F1:

ClassReportDisplay.from_estimator(model, X_test, y_test).plot(sort="f1")
plt.show()
