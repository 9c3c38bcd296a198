"""Grids of samples, interpolations, and the map of a latent space."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from kerasweep.plotting import LatentSpaceDisplay, SampleGridDisplay
from kerasweep.plotting._mosaic import mosaic


class Model:
    """Decodes a code to an image of two grey levels: its two numbers."""

    def __init__(self, classes=None, shape=(2, 4), latent_dim=2):
        self.conditional = classes is not None
        if self.conditional:
            self.classes_ = np.asarray(classes)
        self.shape, self.latent_dim = shape, latent_dim

    def transform(self, X):
        X = np.asarray(X, dtype=float)
        return np.stack([X[:, 0], X[:, -1]] + [X[:, 0]] * (self.latent_dim - 2), 1)

    def inverse_transform(self, Z, y=None):
        half = int(np.prod(self.shape)) // 2
        return np.repeat(np.asarray(Z)[:, :2], half, axis=1)

    def sample(self, n_samples=None, y=None, random_state=None):
        n = len(y) if n_samples is None else n_samples
        return np.random.default_rng(random_state).random((n, np.prod(self.shape)))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_mosaic_puts_each_image_where_it_belongs():
    images = np.zeros((2, 3, 2, 2, 1))
    images[1, 2] = 0.5
    picture = mosaic(images, gap=1)
    assert picture.shape == (5, 8, 3)
    assert np.all(picture[2] == 1) and np.all(picture[:, 2] == 1)  # the gaps
    assert np.all(picture[3:, 6:] == 0.5)
    assert np.all(picture[:2, :2] == 0)
    images[0, 0] = np.nan
    assert np.all(mosaic(images)[:2, :2] == 1)


def test_samples_without_labels_keep_their_order():
    X = np.linspace(0, 1, 7)[:, None] * np.ones(4)
    display = SampleGridDisplay.from_samples(X, n_columns=3)
    assert display.images.shape == (3, 3, 2, 2, 1)
    np.testing.assert_allclose(display.images[1, 0], 0.5)
    assert np.isnan(display.images[2, 1:]).all()
    assert display.plot().axes_.shape == (1,)


def test_a_line_holds_one_class_and_is_named_after_it():
    y = np.array(["b", "a", "b", "b"])
    X = np.arange(4)[:, None] / 4 * np.ones(4)
    display = SampleGridDisplay.from_samples(X, y, n_columns=2).plot()
    assert list(display.line_labels) == ["a", "b"]
    np.testing.assert_allclose(display.images[0, 0], 0.25)
    np.testing.assert_allclose(display.images[1, :, 0, 0, 0], [0, 0.5])
    texts = [t.get_text() for t in display.ax_.get_yticklabels()]
    assert texts == ["a", "b"]


def test_sixty_two_classes_stand_in_blocks_that_name_them_all():
    classes = [*"0123456789", *map(chr, range(65, 91)), *map(chr, range(97, 123))]
    display = SampleGridDisplay.from_estimator(
        Model(classes, (8, 8)), n_columns=8
    ).plot()
    assert len(display.axes_) == 4
    named = [t.get_text() for ax in display.axes_ for t in ax.get_yticklabels()]
    assert named == classes
    width, height = display.figure_.get_size_inches()
    assert width < 20 and height < 12


def test_free_samples_fill_the_grid_and_repeat_with_the_seed():
    first = SampleGridDisplay.from_estimator(
        Model(), n_lines=3, n_columns=5, image_shape=(2, 4)
    )
    again = SampleGridDisplay.from_estimator(
        Model(), n_lines=3, n_columns=5, image_shape=(2, 4)
    )
    assert first.images.shape == (3, 5, 2, 4, 1)
    np.testing.assert_array_equal(first.images, again.images)
    assert first.line_labels is None


def test_interpolations_run_in_equal_steps_between_the_ends():
    X_from, X_to = np.zeros((2, 12)), np.ones((2, 12))
    display = SampleGridDisplay.from_interpolations(
        Model(shape=(2, 2, 3)), X_from, X_to, n_steps=5, image_shape=(2, 2, 3)
    ).plot()
    assert display.images.shape == (2, 7, 2, 2, 3)
    np.testing.assert_allclose(
        display.images[0, :, 0, 0, 0], [0, 0, 0.25, 0.5, 0.75, 1, 1]
    )
    texts = [t.get_text() for t in display.ax_.get_xticklabels()]
    assert texts == ["from", "0%", "25%", "50%", "75%", "100%", "to"]


def test_the_decoded_grid_lies_on_quantiles_of_the_prior():
    X = np.random.default_rng(0).normal(size=(50, 8))
    display = LatentSpaceDisplay.from_estimator(
        Model(), X, np.arange(50) % 3, n_grid=3, image_shape=(2, 4)
    )
    assert display.manifold.shape == (3, 3, 2, 4, 1)
    np.testing.assert_allclose(display.quantiles, [1 / 6, 1 / 2, 5 / 6])
    # Unit 1 grows along a line, unit 2 from line to line.
    np.testing.assert_allclose(
        display.manifold[0, :, 0, 0, 0], [-0.967422, 0, 0.967422], atol=1e-5
    )
    np.testing.assert_allclose(
        display.manifold[:, 1, 1, 3, 0], [-0.967422, 0, 0.967422], atol=1e-5
    )
    display.plot()
    assert len(display.axes_) == 2
    assert [t.get_text() for t in display.legend_.get_texts()] == ["0", "1", "2"]


def test_the_map_is_drawn_the_right_way_up():
    manifold = np.zeros((2, 2, 2, 2, 1))
    manifold[1, 0] = 1.0  # high second unit, low first one
    display = LatentSpaceDisplay(
        codes=np.zeros((3, 2)), manifold=manifold, quantiles=np.array([0.25, 0.75])
    ).plot()
    image = display.axes_[1].images[0].get_array()
    assert np.all(image[:2, :2] == 1) and np.all(image[2:] == 0)
    assert display.legend_ is None


def test_axes_of_ones_own_are_drawn_in():
    figure, axes = plt.subplots(1, 2)
    X = np.random.default_rng(0).random((9, 8))
    display = LatentSpaceDisplay.from_estimator(
        Model(), X, n_grid=2, image_shape=(2, 4)
    )
    assert display.plot(ax=axes).figure_ is figure
    assert display.plot(ax=axes[0]).axes_.shape == (1,)
    grid = SampleGridDisplay.from_samples(X, image_shape=(2, 4)).plot(ax=axes[1])
    assert grid.ax_ is axes[1]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            lambda: LatentSpaceDisplay.from_estimator(
                Model(latent_dim=3), np.ones((2, 8))
            ),
            "must have latent_dim=2. Got 3",
        ),
        (
            lambda: LatentSpaceDisplay.from_estimator(
                Model(), np.ones((2, 8)), n_grid=1
            ),
            "n_grid of LatentSpaceDisplay",
        ),
        (
            lambda: SampleGridDisplay.from_samples(np.ones((2, 4)), [1]),
            "equally many rows",
        ),
        (
            lambda: SampleGridDisplay.from_samples(np.ones((2, 4)), n_columns=0),
            "n_columns of SampleGridDisplay",
        ),
        (
            lambda: SampleGridDisplay.from_samples(np.ones((2, 9)), image_shape=(2, 4)),
            "needs 8 features, but X has 9",
        ),
        (
            lambda: SampleGridDisplay.from_interpolations(
                Model(), np.ones((2, 8)), np.ones((3, 8))
            ),
            "X_from and X_to",
        ),
    ],
)
def test_mistakes_are_told_in_one_sentence(act, sentence):
    with pytest.raises(ValueError, match=sentence):
        act()
