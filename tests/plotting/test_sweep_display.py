"""The numbers that a sweep's picture shows, read back from its axes."""

import io

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from kerasweep.model_selection import holdout, select_by_mean, wilson_interval
from kerasweep.plotting import SweepDisplay

plt = pytest.importorskip("matplotlib.pyplot")

SCORES = [[0.97, 0.98, 0.99], [0.98, 0.98, 0.98]]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def display(factors=(1e-5, 1e-4), scores=SCORES, **kwargs):
    defaults = {"x": "net__l2", "score_name": "accuracy"}
    return SweepDisplay(factors=factors, scores=scores, **{**defaults, **kwargs})


def means(errorbar):
    return errorbar.lines[0].get_xydata()


def bars(errorbar):
    """Return the lower and upper end of each error bar."""
    segments = errorbar.lines[2][0].get_segments()
    return np.array([s[:, 1] if len(s) else [np.nan, np.nan] for s in segments])


def texts(drawn):
    return [text.get_text() for text in drawn.legend_.get_texts()]


def results(l2, seeds, scores, **columns):
    return {
        "param_net__l2": np.ma.array(l2),
        "param_net__random_state": np.ma.array(seeds),
        "mean_test_score": np.array(scores),
        **columns,
    }


def test_means_and_sample_sd_in_per_cent():
    drawn = display().plot()
    assert means(drawn.errorbar_) == pytest.approx(np.array([[1e-5, 98], [1e-4, 98]]))
    assert bars(drawn.errorbar_) == pytest.approx(np.array([[97, 99], [98, 98]]))
    assert drawn.line_.get_ydata() == pytest.approx([98, 98])
    assert drawn.ax_.get_ylabel() == "accuracy (%)"
    assert drawn.ax_.get_xlabel() == "L2 factor"
    assert drawn.ax_.get_xscale() == "log"
    assert "validation: mean ± SD of 3 replicates (faint: each one)" in texts(drawn)


def test_every_replicate_is_a_point():
    drawn = display().plot()
    assert drawn.points_.get_visible()
    assert drawn.points_.get_xydata() == pytest.approx(
        np.array(
            [[1e-5, 97], [1e-5, 98], [1e-5, 99], [1e-4, 98], [1e-4, 98], [1e-4, 98]]
        )
    )


def test_another_score_keeps_its_own_scale():
    drawn = display(scores=[[-0.2], [-0.1]], score_name="neg_log_loss").plot()
    assert means(drawn.errorbar_)[:, 1].tolist() == [-0.2, -0.1]
    assert drawn.ax_.get_ylabel() == "neg log loss"


def test_one_replicate_has_no_bar_and_says_so():
    drawn = display(scores=[[0.97], [0.98]]).plot()
    assert not drawn.errorbar_.has_yerr
    assert not drawn.points_.get_visible()
    assert texts(drawn) == ["validation: 1 replicate, so no SD"]


def test_a_lone_replicate_among_others_gets_no_bar_of_zero_length():
    drawn = display(scores=[[0.97, np.nan], [0.98, 0.99]]).plot()
    assert np.isnan(bars(drawn.errorbar_)[0]).any()
    assert texts(drawn) == [
        "validation: mean ± SD of 1 to 2 replicates (faint: each one, no SD for 1)"
    ]


def test_training_scores_are_a_second_curve_that_can_be_left_out():
    both = display(train_scores=[[1.0, 1.0, 1.0], [0.99, 0.99, 0.99]])
    drawn = both.plot()
    assert means(drawn.train_errorbar_)[:, 1] == pytest.approx([100, 99])
    assert "training: mean ± SD of 3 replicates (faint: each one)" in texts(drawn)
    assert both.plot(train=False).train_errorbar_ is None


def test_reference_is_drawn_with_its_wilson_interval():
    drawn = display().plot(
        reference=0.9847, reference_n=10_000, reference_label="Hinton 98.47 %"
    )
    assert drawn.reference_line_.get_ydata() == pytest.approx([98.47, 98.47])
    band = drawn.reference_band_
    low, high = wilson_interval(9847, 10_000)
    assert band.get_y() == pytest.approx(100 * low)
    assert band.get_height() == pytest.approx(100 * (high - low))
    assert texts(drawn)[-1] == (
        "Hinton 98.47 % (band: 95 % Wilson interval, n = 10,000 test rows)"
    )


def test_reference_without_a_number_of_rows_has_no_band():
    drawn = display().plot(reference=0.9847)
    assert drawn.reference_band_ is None
    assert texts(drawn)[-1] == "reference 98.47 %"


def test_selected_factor_is_marked_at_its_mean():
    drawn = display(scores=[[0.97, 0.98], [0.95, 0.97]], selected=1e-4).plot()
    assert drawn.selected_.get_xydata() == pytest.approx(np.array([[1e-4, 96]]))
    assert "selected: 0.0001" in texts(drawn)
    assert display().plot().selected_ is None


def test_a_factor_of_zero_stands_left_of_a_break():
    drawn = display([0, 1e-6, 1e-3], SCORES + SCORES[:1]).plot()
    zero, *others = means(drawn.errorbar_)[:, 0]
    left, right = drawn.ax_.get_xlim()
    assert left < zero < 1e-6 and others == [1e-6, 1e-3] and right > 1e-3
    ticks = dict(
        zip(
            drawn.ax_.get_xticks(),
            [t.get_text() for t in drawn.ax_.get_xticklabels()],
            strict=True,
        )
    )
    assert ticks[zero] == "0"
    assert list(ticks.values())[1] == "$10^{-6}$"
    # no line crosses the break
    assert drawn.line_.get_xdata().tolist() == [1e-6, 1e-3]


@pytest.mark.parametrize(
    ("factors", "x", "expected"),
    [
        ([1e-4, 1e-3], "net__l2", "log"),
        ([1e-4, 5e-4], "net__l2", "linear"),
        ([0.05, 0.8], "net__dropout", "linear"),
        ([0, 1], "l2", "linear"),
        ([-1, 100], "shift", "linear"),
        ([1e-4], "l2", "log"),
        ([0], "l2", "linear"),
    ],
)
def test_scale_follows_the_factors(factors, x, expected):
    drawn = display(factors, SCORES[: len(factors)], x=x).plot()
    assert drawn.ax_.get_xscale() == expected


def test_scale_can_be_asked_for():
    drawn = display([0, 1e-3], SCORES).plot(scale="linear")
    assert drawn.ax_.get_xscale() == "linear"
    assert means(drawn.errorbar_)[:, 0].tolist() == [0, 1e-3]


@pytest.mark.parametrize("n_factors", [1, 2, 30])
def test_any_number_of_factors_is_drawn_within_the_axes(n_factors):
    factors = np.logspace(-7, -1, n_factors) if n_factors > 1 else [1e-4]
    drawn = display(factors, np.full((n_factors, 3), 0.98)).plot()
    drawn.figure_.canvas.draw()
    left, right = drawn.ax_.get_xlim()
    assert left < min(factors) and max(factors) < right
    assert len(means(drawn.errorbar_)) == n_factors


@pytest.mark.parametrize("form", ["png", "svg"])
def test_pictures_are_written(form):
    file = io.BytesIO()
    display(selected=1e-4, n_failed=[1, 0]).plot(reference=0.98).figure_.savefig(
        file, format=form
    )
    assert len(file.getvalue()) > 5_000


def test_given_axes_are_used_and_their_legend_stays_inside():
    figure, axes = plt.subplots(1, 2, layout="constrained", figsize=(10, 4))
    drawn = display(selected=1e-4).plot(ax=axes[1], reference=0.98, reference_n=100)
    assert drawn.ax_ is axes[1] and drawn.figure_ is figure
    figure.canvas.draw()
    inside = axes[1].get_window_extent()
    legend = drawn.legend_.get_window_extent()
    assert inside.x0 <= legend.x0 and legend.x1 <= inside.x1


def test_our_own_figure_clips_nothing_and_keeps_room_for_the_curves():
    drawn = display(selected=1e-4, n_failed=[1, 0], train_scores=np.ones((2, 3))).plot(
        reference=0.98, reference_n=10_000, reference_label="Hinton 98.47 %"
    )
    drawn.figure_.canvas.draw()
    width, height = drawn.figure_.canvas.get_width_height()
    box = drawn.figure_.get_tightbbox().transformed(drawn.figure_.dpi_scale_trans)
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
    assert drawn.ax_.get_window_extent().height > 0.6 * height
    assert not drawn.legend_.get_window_extent().overlaps(drawn.ax_.get_window_extent())


def test_from_cv_results_sorts_groups_and_leaves_failures_out():
    made = SweepDisplay.from_cv_results(
        results(
            [1e-3, 1e-3, 1e-5, 1e-5],
            [0, 1, 0, 1],
            [0.95, np.nan, 0.97, 0.99],
            mean_train_score=[1.0, 0.1, 0.98, 0.98],
        ),
        x="net__l2",
        over="net__random_state",
        score_name="accuracy",
    )
    frame = made.to_frame()
    assert frame["factor"].tolist() == [1e-5, 1e-3]
    assert frame["mean"].tolist() == pytest.approx([0.98, 0.95])
    assert frame["sd"][0] == pytest.approx(0.02 / 2**0.5) and np.isnan(frame["sd"][1])
    assert frame["n"].tolist() == [2, 1] and frame["n_failed"].tolist() == [0, 1]
    assert frame["train_mean"].tolist() == pytest.approx([0.98, 1.0])
    assert made.selected == 1e-5
    assert "1 failed fit, left out" in texts(made.plot())


def test_a_factor_that_failed_throughout_leaves_a_gap():
    made = SweepDisplay.from_cv_results(
        results([1, 1, 10, 10], [0, 1, 0, 1], [np.nan, np.nan, 0.9, 0.8]),
        x="net__l2",
        over="net__random_state",
    )
    drawn = made.plot()
    assert made.selected == 10
    assert np.isnan(means(drawn.errorbar_)[0, 1])
    assert "2 failed fits, left out" in texts(drawn)


def test_a_sweep_of_nothing_but_failures_still_draws():
    made = SweepDisplay.from_cv_results(
        results([1, 100], [0, 0], [np.nan, np.nan]),
        x="net__l2",
        over="net__random_state",
    )
    made.plot().figure_.canvas.draw()
    assert made.selected is None


def crossed():
    return results(
        [1, 1, 10, 10],
        [0, 0, 0, 0],
        [0.1, 0.2, 0.3, 0.4],
        param_net__dropout=[0.0, 0.5] * 2,
    )


def test_where_takes_a_slice_of_a_crossed_grid():
    keywords = {"x": "net__l2", "over": "net__random_state"}
    made = SweepDisplay.from_cv_results(
        crossed(), where={"net__dropout": 0.5}, **keywords
    )
    assert made.to_frame()["mean"].tolist() == [0.2, 0.4]
    with pytest.raises(ValueError, match="'net__dropout' varies"):
        SweepDisplay.from_cv_results(crossed(), **keywords)
    with pytest.raises(ValueError, match="must name searched parameters"):
        SweepDisplay.from_cv_results(crossed(), where={"dropout": 0.5}, **keywords)
    with pytest.raises(ValueError, match="hold for at least one candidate"):
        SweepDisplay.from_cv_results(crossed(), where={"net__dropout": 9}, **keywords)


def searched(estimator, **kwargs):
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    X = rng.normal(size=(120, 4)) + y[:, None]
    grid = {"min_samples_leaf": [1, 10, 100], "random_state": [0, 1, 2]}
    return GridSearchCV(estimator, grid, cv=holdout(X, y, test_size=60), **kwargs).fit(
        X, y
    )


def test_from_search_draws_what_the_search_found_and_selected():
    search = searched(
        DecisionTreeClassifier(max_features=1),
        return_train_score=True,
        refit=select_by_mean(over="random_state"),
    )
    made = SweepDisplay.from_search(search, x="min_samples_leaf", over="random_state")
    table = search.cv_results_["mean_test_score"].reshape(3, 3)
    drawn = made.plot()
    assert means(drawn.errorbar_)[:, 1] == pytest.approx(100 * table.mean(axis=1))
    assert drawn.train_errorbar_ is not None
    assert drawn.selected_.get_xdata()[0] == search.best_params_["min_samples_leaf"]
    assert drawn.ax_.get_ylabel() == "accuracy (%)"
    assert drawn.ax_.get_xlabel() == "min samples leaf"


@pytest.mark.parametrize(
    ("estimator", "kwargs", "score", "expected"),
    [
        (DecisionTreeRegressor(), {}, "test_score", "score"),
        (DecisionTreeClassifier(), {"scoring": "f1"}, "test_score", "f1"),
        (
            DecisionTreeClassifier(),
            {"scoring": lambda e, X, y: 1.0},
            "test_score",
            "score",
        ),
        (
            DecisionTreeClassifier(),
            {"scoring": ["accuracy", "f1"], "refit": False},
            "test_accuracy",
            "accuracy",
        ),
    ],
)
def test_the_score_is_called_by_its_name(estimator, kwargs, score, expected):
    search = searched(estimator, **kwargs)
    made = SweepDisplay.from_search(
        search, x="min_samples_leaf", over="random_state", score=score
    )
    assert made.score_name == expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: display().plot(scale="cubic"), 'must be "auto", "log" or "linear"'),
        (lambda: display([-1, 1]).plot(scale="log"), "reach from -1 to 1"),
        (lambda: display(["relu", "tanh"]).plot(), "finite numbers. Got 'relu'"),
        (lambda: display([True, 1]).plot(), "Got True"),
        (lambda: display([1, 2, 3]).plot(), r"shape \(3, n_replicates\)"),
        (lambda: display(selected=7).plot(), "one of the factors. Got 7"),
        (lambda: display().plot(reference=98, reference_n=9), r"in \[0, 1\]"),
        (lambda: display().plot(reference_n=9), "Got None for the score"),
        (
            lambda: SweepDisplay.from_cv_results(
                results([1, 2], [0, 0], [0.1, 0.2]), x="net__l1"
            ),
            "x of SweepDisplay must name a searched parameter",
        ),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
