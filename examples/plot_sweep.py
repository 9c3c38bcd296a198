"""
A sweep with error bars
=======================

The accuracy of a dense network against the strength of its L2 penalty. Each factor is
trained with several seeds, and the bars are the sample standard deviation over them.
The factor is chosen by its mean, not by its luckiest seed, and the test rows are read
once.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from kerasweep import (
    DenseClassifier,
    PixelScaler,
    SweepDisplay,
    fleet,
    holdout,
    replicate_summary,
    select_by_mean,
    test_once,
)

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=400, stratify=y, random_state=0)

search = GridSearchCV(
    Pipeline(
        [
            ("scale", PixelScaler(max_value=16)),
            ("net", DenseClassifier((64, 32), learning_rate=0.003, epochs=20)),
        ]
    ),
    {"net__l2": [1e-5, 1e-4, 1e-3, 1e-2, 3e-2], "net__random_state": [0, 1, 2]},
    cv=holdout(X, y, test_size=400),
    refit=select_by_mean(by="net__l2", over="net__random_state"),
    return_train_score=True,
)
with fleet():
    search.fit(X, y)

# %%
# Means and spreads, as a table:

summary = replicate_summary(search.cv_results_, by="net__l2", over="net__random_state")
print(summary[["net__l2", "mean", "sd", "n"]].to_string(float_format="{:.4g}".format))

# %%
# And as a picture. The dashed line marks the factor that was chosen.

SweepDisplay.from_search(
    search, x="net__l2", over="net__random_state", score_name="accuracy"
).plot()
plt.show()

# %%
# The refitted network, on rows that no choice was made on:

print(test_once(search, X_test, y_test))
