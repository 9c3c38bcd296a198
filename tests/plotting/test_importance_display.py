import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from kerasweep.plotting import PermutationImportanceDisplay


def test_of_an_estimator():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=["none", "much", "some"])
    y = 3 * X["much"] + X["some"]
    display = PermutationImportanceDisplay.from_estimator(
        LinearRegression().fit(X, y), X, y, score_name="R2", random_state=0
    )
    assert display.table_["feature"].tolist() == ["much", "some", "none"]
    # shuffling a column doubles its share of the variance: 2 * 9/10 and 2 * 1/10
    assert display.table_["mean"][:2].tolist() == pytest.approx([1.8, 0.2], rel=0.2)
    display.plot()
    assert [t.get_text() for t in display.ax_.get_yticklabels()][-1] == "much"
    assert "loss of R2" in display.ax_.get_xlabel()
    assert "SD of 5 shufflings" in display.ax_.get_xlabel()
    plt.close(display.figure_)


def test_only_the_most_important_are_shown():
    display = PermutationImportanceDisplay(
        importances=np.arange(20)[:, None], feature_names=[f"c{i}" for i in range(20)]
    ).plot(n_features=4)
    assert len(display.bars_) == 4
    assert "16 columns of less importance not shown" in display.ax_.get_xlabel()
    assert "SD" not in display.ax_.get_xlabel()
    plt.close(display.figure_)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"must have shape \(2, n_repeats\)"):
        PermutationImportanceDisplay(importances=[[1, 2]], feature_names=["a", "b"])
