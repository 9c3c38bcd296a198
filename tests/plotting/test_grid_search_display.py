"""What a search's picture shows of any parameters, read back from its axes."""

import itertools

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from kerasweep.plotting import GridSearchDisplay
from kerasweep.plotting._parameter_axis import parameter_axis

plt = pytest.importorskip("matplotlib.pyplot")
NAN = float("nan")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def display(**kwargs):
    grid = list(itertools.product([1e-4, 1e-3, 1e-2], ["relu", "elu"]))
    defaults = {
        "parameters": {
            "net__l2": [l2 for l2, _ in grid],
            "net__activation": [name for _, name in grid],
            "net__epochs": [5] * 6,
        },
        "scores": [0.91, 0.92, 0.93, 0.94, 0.95, 0.96],
        "fit_times": [1, 2, 3, 4, 5, 6],
        "selected": 5,
        "score_name": "accuracy",
    }
    return GridSearchDisplay(**{**defaults, **kwargs})


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize(
    ("values", "scale", "positions", "labels"),
    [
        ([1e-4, 1e-3, 1e-2], "log", [0, 0.5, 1], ["$10^{-4}$", "$10^{-3}$", "0.01"]),
        ([32, 64, 128], "log", [0, 0.5, 1], ["32", "64", "128"]),
        ([10, 20, 40, 50], "linear", [0, 0.25, 0.75, 1], ["10", "20", "40", "50"]),
        ([0, 1e-4, 1e-2], "log", [0, 0.18, 1], ["0", "$10^{-4}$", "0.01"]),
        ([None, 2.0, 4.0], "linear", [0, 0.18, 1], ["None", "2", "4"]),
        ([NAN, 2.0, 4.0], "linear", [0, 0.18, 1], ["not set", "2", "4"]),
        ([-1, 0, 1], "linear", [0, 0.5, 1], ["-1", "0", "1"]),
        (["b", "a", "c"], "category", [0, 0.5, 1], ["b", "a", "c"]),
        ([True, False], "category", [1, 0], ["False", "True"]),
        ([3, "auto"], "category", [0, 1], ["3", "auto"]),
        ([(64,), (5, 3)], "category", [0, 1], ["64", "5-3"]),
        ([7], "category", [0.5], ["7"]),
    ],
)
def test_values_of_any_type_have_a_place(values, scale, positions, labels):
    axis = parameter_axis("p", values)
    assert axis.scale == scale
    assert axis.positions == pytest.approx(positions)
    assert axis.labels == labels


def test_estimators_are_called_by_their_class():
    scalers = [StandardScaler(), MinMaxScaler()]
    assert parameter_axis("scale", scalers).labels == ["StandardScaler", "MinMaxScaler"]


def test_shares_stay_on_a_linear_axis():
    assert parameter_axis("net__dropout", [0.05, 0.5]).scale == "linear"


def test_drawn_values_get_round_ticks():
    axis = parameter_axis("l2", list(np.logspace(-6, -2, 30) * 1.1))
    assert axis.labels == ["$10^{-5}$", "$10^{-4}$", "$10^{-3}$", "0.01"]
    assert not axis.discrete
    assert ((axis.ticks >= 0) & (axis.ticks <= 1)).all()


def test_a_line_a_candidate_ends_at_its_score():
    drawn = display().plot()
    assert len(drawn.lines_) == 6
    ends = [line.get_path().vertices[-1] for line in drawn.lines_]
    # two parameters varied, so the score stands at 2
    assert np.array(ends) == pytest.approx(
        np.column_stack([np.full(6, 2), np.arange(6) / 5])
    )
    names = [text.get_text() for text in drawn.ax_.get_xticklabels()]
    assert names == ["L2 factor", "activation", "accuracy (%)"]
    assert drawn.colorbar_.mappable.get_clim() == pytest.approx((91, 96))
    best, *others = reversed(drawn.lines_)
    assert all(best.get_zorder() > line.get_zorder() for line in others)
    assert texts(drawn.legend_) == ["selected"]


def test_lines_through_one_value_stand_apart():
    starts = [line.get_path().vertices[0, 1] for line in display().plot().lines_]
    assert len(set(np.round(starts, 6))) == 6


def test_a_failed_candidate_ends_before_the_score():
    drawn = display(scores=[0.9, NAN, 0.9, 0.9, 0.9, 0.95]).plot()
    assert drawn.lines_[1].get_path().vertices[-1, 0] == 1
    assert drawn.lines_[1].get_linestyle() == ":"
    assert texts(drawn.legend_) == ["selected", "1 failed candidate"]


def test_marginal_means_are_over_all_candidates_with_a_value():
    drawn = display().plot("parameters")
    assert list(drawn.errorbars_) == ["net__l2", "net__activation"]
    means = drawn.errorbars_["net__l2"].lines[0].get_xydata()
    assert means == pytest.approx(np.array([[0, 91.5], [0.5, 93.5], [1, 95.5]]))
    bar = drawn.errorbars_["net__activation"].lines[2][0].get_segments()[0]
    # relu: 91, 93 and 95, of mean 93 and sample SD 2
    assert bar[:, 1] == pytest.approx([91, 95])
    assert len(drawn.points_["net__l2"].get_xydata()) == 6
    assert texts(drawn.legend_) == [
        "mean ± SD of the candidates with that value",
        "a candidate",
        "selected",
    ]


def test_fit_times_get_panels_of_their_own():
    drawn = display().plot("parameters", fit_time=True)
    assert len(drawn.axes_) == 4
    assert drawn.axes_[2].get_ylabel() == "time a fit (s)"
    assert drawn.axes_[2].get_ylim()[1] > 6
    with pytest.raises(ValueError, match="fit_time of GridSearchDisplay must be False"):
        display(fit_times=None).plot("parameters", fit_time=True)


def test_one_bad_candidate_does_not_hide_the_others():
    scores = [*np.linspace(0.95, 0.96, 11), 0.1]
    drawn = GridSearchDisplay(
        parameters={"l2": list(np.logspace(-6, -2, 12))},
        scores=scores,
        score_name="accuracy",
    )
    assert drawn.plot("parameters").ax_.get_ylim()[0] > 94
    assert "left out of the means: 10" in texts(drawn.legend_)
    assert drawn.plot().colorbar_.mappable.get_clim()[0] > 94


def test_pictures_clip_nothing():
    for drawn in (display().plot(), display().plot("parameters", fit_time=True)):
        drawn.figure_.canvas.draw()
        width, height = drawn.figure_.canvas.get_width_height()
        box = drawn.figure_.get_tightbbox().transformed(drawn.figure_.dpi_scale_trans)
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height


def test_given_axes_are_used():
    figure, axes = plt.subplots(1, 2)
    drawn = display().plot("parameters", ax=axes)
    assert drawn.figure_ is figure and drawn.axes_[1] is axes[1]
    assert display().plot(ax=axes[0]).ax_ is axes[0]
    with pytest.raises(ValueError, match="must be 2 axes, one a panel"):
        display().plot("parameters", ax=axes[0])


def test_the_table_begins_with_the_best():
    frame = display(scores=[0.1, 0.3, 0.2, NAN, 0.3, 0.0]).to_frame()
    assert frame["rank"].tolist()[:5] == [1, 1, 3, 4, 5] and frame["rank"].isna().sum()
    assert frame["net__l2"].tolist()[:3] == [1e-4, 1e-2, 1e-3]
    assert frame["fit_time"].tolist() == [2, 5, 3, 1, 6, 4]
    assert frame["selected"].tolist() == [False] * 4 + [True, False]


def results(**columns):
    return {
        "param_l2": np.ma.array([1e-4, 1e-4, 1e-2, 1e-2]),
        "param_seed": np.ma.array([0, 1, 0, 1]),
        "mean_test_score": np.array([0.1, 0.3, 0.6, NAN]),
        "mean_fit_time": np.array([1.0, 3.0, 5.0, 7.0]),
        **columns,
    }


def test_replicates_become_one_candidate():
    made = GridSearchDisplay.from_cv_results(results(), over="seed")
    assert made.parameters == {"l2": [1e-4, 1e-2]}
    assert list(made.scores) == pytest.approx([0.2, 0.6])
    assert made.score_sds[0] == pytest.approx(0.02**0.5)
    assert np.isnan(made.score_sds[1]) and list(made.n_values) == [2, 1]
    assert list(made.fit_times) == [2, 6] and made.selected == 1


def test_without_replicates_the_sd_is_that_of_the_splits():
    splits = {"split0_test_score": [0.0] * 4, "split1_test_score": [0.2] * 4}
    made = GridSearchDisplay.from_cv_results(results(**splits))
    assert list(made.score_sds) == pytest.approx([0.02**0.5] * 4)
    assert list(made.n_values) == [2] * 4 and made.selected == 2


X, Y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(
            TREE, [{"max_depth": [1, 2]}, {"criterion": ["gini", "entropy"]}], cv=2
        ),
        RandomizedSearchCV(
            TREE,
            {"ccp_alpha": loguniform(1e-4, 1e-1), "max_depth": [2, None]},
            n_iter=8,
            cv=2,
            random_state=0,
        ),
        HalvingGridSearchCV(TREE, {"max_depth": [1, 2, 3, 4]}, cv=2, random_state=0),
    ],
    ids=lambda search: type(search).__name__,
)
def test_any_search_is_drawn_with_what_it_selected(search):
    search.fit(X, Y)
    made = GridSearchDisplay.from_search(search)
    assert made.selected == search.best_index_
    assert made.score_name == "accuracy"
    for kind in ("parallel", "parameters"):
        made.plot(kind).figure_.canvas.draw()
    assert len(made.to_frame()) == len(search.cv_results_["params"])


def test_a_search_in_which_everything_failed_is_drawn():
    made = display(scores=[NAN] * 6, selected=None)
    for kind in ("parallel", "parameters"):
        made.plot(kind).figure_.canvas.draw()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: display().plot("bars"), 'must be "parallel" or "parameters"'),
        (lambda: display(scores=[1.0]).plot(), "6 values of 'net__l2' and 1 scores"),
        (lambda: display(parameters={}).plot(), "Got 0 parameters"),
        (lambda: display(selected=6).plot(), "from 0 to 5. Got 6"),
        (
            lambda: GridSearchDisplay.from_cv_results(results(), score="test_f1"),
            "score of GridSearchDisplay must be one of 'test_score'",
        ),
        (
            lambda: GridSearchDisplay.from_cv_results({"a": [1]}),
            "must be the `cv_results_` of a fitted search",
        ),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
