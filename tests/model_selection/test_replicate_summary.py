"""Means and spreads over replicates, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from kerasweep.model_selection import replicate_summary


def results(l2, seeds, score, **columns):
    """Return what the summary reads of a ``cv_results_``."""
    return {
        "param_net__l2": np.ma.array(l2),
        "param_net__random_state": np.ma.array(seeds),
        "mean_test_score": np.array(score),
        **columns,
    }


TWO = results(
    [1e-4, 1e-4, 1e-4, 1e-3, 1e-3, 1e-3],
    [0, 1, 2, 0, 1, 2],
    [0.97, 0.98, 0.99, 0.96, 0.96, 0.96],
    mean_train_score=np.array([1.0, 1.0, 0.97, 0.98, 0.98, 0.98]),
    mean_fit_time=np.array([1.0, 2.0, 3.0, 5.0, 5.0, 5.0]),
)
SEED = "net__random_state"


def test_numbers_by_hand():
    summary = replicate_summary(TWO, by="net__l2", over=SEED)
    assert summary.columns.tolist() == [
        "net__l2",
        "mean",
        "sd",
        "standard_error",
        "n",
        "n_failed",
        "train_mean",
        "train_sd",
        "fit_time_mean",
    ]
    first, second = summary.to_dict("records")
    assert first == pytest.approx(
        {
            "net__l2": 1e-4,
            "mean": 0.98,
            "sd": 0.01,
            "standard_error": 0.01 / 3**0.5,
            "n": 3,
            "n_failed": 0,
            "train_mean": 0.99,
            "train_sd": 0.03 / 3**0.5,
            "fit_time_mean": 2.0,
        }
    )
    assert (second["mean"], second["sd"]) == pytest.approx((0.96, 0.0))


def test_by_defaults_to_all_but_over():
    expected = replicate_summary(TWO, by="net__l2", over=SEED)
    pd.testing.assert_frame_equal(replicate_summary(TWO, over=SEED), expected)


def test_a_data_frame_gives_the_same():
    expected = replicate_summary(TWO, over=SEED)
    pd.testing.assert_frame_equal(
        replicate_summary(pd.DataFrame(TWO), over=SEED), expected
    )


def test_failed_fits_are_left_out_and_counted():
    failed = results(
        [1, 1, 1, 2, 2], [0, 1, 2, 0, 1], [0.9, np.nan, 0.8, np.nan, -np.inf]
    )
    first, second = replicate_summary(failed, over=SEED).to_dict("records")
    assert (first["mean"], first["n"], first["n_failed"]) == pytest.approx((0.85, 2, 1))
    assert first["sd"] == pytest.approx(0.1 / 2**0.5)
    assert (second["n"], second["n_failed"]) == (0, 2)
    assert np.isnan([second["mean"], second["sd"], second["standard_error"]]).all()


def test_train_scores_and_times_of_failed_fits_are_left_out():
    failed = results(
        [1, 1],
        [0, 1],
        [0.9, np.nan],
        mean_train_score=[1.0, 0.0],
        mean_fit_time=[4.0, 100.0],
    )
    (row,) = replicate_summary(failed, over=SEED).to_dict("records")
    assert (row["train_mean"], row["fit_time_mean"]) == (1.0, 4.0)


def test_one_replicate_has_no_sd():
    (row,) = replicate_summary(results([1], [0], [0.9]), over=SEED).to_dict("records")
    assert (row["mean"], row["n"]) == (0.9, 1)
    assert np.isnan(row["sd"]) and np.isnan(row["standard_error"])


def test_values_of_any_type_make_settings():
    values = [(64, 64), None, [8], "relu", True, 1, np.array([1, 2])]
    column = np.ma.empty(14, dtype=object)
    for index, value in enumerate(values):
        column[index] = column[index + 7] = value
    summary = replicate_summary(
        results(column, [0] * 7 + [1] * 7, np.arange(14.0)), over=SEED
    )
    assert summary["n"].tolist() == [2] * 7
    assert summary["mean"].tolist() == [i + 3.5 for i in range(7)]
    assert summary["net__l2"].tolist()[:6] == values[:6]


def test_a_none_stays_apart_from_numbers():
    column = np.ma.array([None, 0.5], dtype=object)
    summary = replicate_summary(results(column, [0, 0], [1, 2]), over=SEED)
    assert summary["net__l2"].tolist() == [None, 0.5]


def test_masked_parameters_of_a_list_of_grids_are_one_setting():
    masked = np.ma.array([0.1, 0.1, 0, 0], mask=[0, 0, 1, 1])
    summary = replicate_summary(
        results(masked, [0, 1, 0, 1], [0.9, 0.8, 0.7, 0.5]), over=SEED
    )
    assert summary["mean"].tolist() == pytest.approx([0.85, 0.6])
    assert np.isnan(summary["net__l2"][1])


def test_a_real_search_with_splits_and_two_metrics():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 5)), np.arange(60) % 2
    search = GridSearchCV(
        DecisionTreeClassifier(max_features=1),
        [{"max_depth": [1, 3], "random_state": [0, 1, 2]}],
        scoring=["accuracy", "f1"],
        refit=False,
        cv=4,
        return_train_score=True,
    ).fit(X, y)
    summary = replicate_summary(
        search.cv_results_, over=["random_state"], score="test_f1"
    )
    splits = np.array([search.cv_results_[f"split{i}_test_f1"] for i in range(4)])
    replicates = splits.mean(axis=0).reshape(2, 3)
    assert summary["mean"].to_numpy() == pytest.approx(replicates.mean(axis=1))
    assert summary["sd"].to_numpy() == pytest.approx(replicates.std(axis=1, ddof=1))
    trained = search.cv_results_["mean_train_f1"].reshape(2, 3)
    assert summary["train_mean"].to_numpy() == pytest.approx(trained.mean(axis=1))


def test_iterations_of_a_halving_search_are_settings_of_their_own():
    halving = results([1, 2, 2], [0, 0, 0], [0.7, 0.8, 0.9]) | {"iter": [0, 0, 1]}
    summary = replicate_summary(halving, over=SEED)
    assert summary[["net__l2", "iter"]].to_numpy().tolist() == [[1, 0], [2, 0], [2, 1]]


def test_unseeded_replicates_count_each():
    summary = replicate_summary(
        results([1, 1], np.array([None, None]), [0.7, 0.9]), over=SEED
    )
    assert summary["n"].tolist() == [2]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"by": "net__l1"}, "by of replicate_summary .*Did you mean 'net__l2'"),
        (
            {"over": "seed"},
            "over of replicate_summary .*'net__l2', 'net__random_state'",
        ),
        ({"score": "test_f1"}, "must be one of 'test_score'. Got 'test_f1'"),
        ({"score": "train_score"}, "Got 'train_score'"),
        ({"by": ["net__l2", SEED]}, "different parameters. Got 'net__random_state'"),
        ({"over": None}, "'net__random_state' varies between candidates 0 and 1"),
        ({"by": []}, "'net__l2' varies between candidates 0 and 3"),
    ],
)
def test_mistakes_are_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        replicate_summary(TWO, **{"by": "net__l2", "over": SEED, **kwargs})


def test_another_varying_parameter_is_not_taken_for_replication():
    crossed = results([1, 1, 1, 1], [0, 1, 0, 1], [1, 2, 3, 4])
    crossed["param_net__lr"] = [0.1, 0.1, 0.2, 0.2]
    with pytest.raises(ValueError, match="'net__lr' varies between"):
        replicate_summary(crossed, by="net__l2", over=SEED)
    assert replicate_summary(crossed, over=SEED)["mean"].tolist() == [1.5, 3.5]


def test_a_replicate_is_not_counted_twice():
    with pytest.raises(ValueError, match="candidates 0 and 1 agree in every parameter"):
        replicate_summary(results([1, 1], [0, 0], [0.9, 0.9]), over=SEED)


@pytest.mark.parametrize("nonsense", [None, {}, {"mean_test_score": [1]}, 3])
def test_something_else_than_results_is_refused(nonsense):
    with pytest.raises(ValueError, match="`cv_results_` of a fitted search"):
        replicate_summary(nonsense)
