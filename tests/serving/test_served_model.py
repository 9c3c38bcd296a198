"""What a served model answers, without a server."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from kerasweep.serving import ServedModel

ROWS = np.arange(24.0).reshape(6, 4)


class Sampler:
    """Says what it was asked for."""

    classes_ = np.array([3, 7])

    def __init__(self, conditional):
        self.conditional = conditional

    def sample(self, n_samples, y=None, random_state=None):
        return np.full((n_samples, 2), random_state), y


def test_the_default_is_what_the_model_is_for():
    X, y = ROWS, ROWS.sum(axis=1)
    regressor = LinearRegression().fit(X, y)
    np.testing.assert_allclose(ServedModel(regressor).predict(X), y)
    scaler = StandardScaler().fit(X)
    np.testing.assert_allclose(ServedModel(scaler).predict(X), scaler.transform(X))


def test_what_a_model_can_not_do_is_refused():
    served = ServedModel(LinearRegression().fit(ROWS, ROWS[:, 0]))
    with pytest.raises(ValueError, match=r"one of predict\. Got 'predict_proba'"):
        served.predict(ROWS, {"method": "predict_proba"})


def test_images_that_are_transformed_stay_images():
    class Flat(StandardScaler):
        def transform(self, X):
            return super().transform(np.reshape(X, (len(X), -1)))

    served = ServedModel(Flat().fit(ROWS))
    assert served.predict(ROWS.reshape(6, 2, 2)).shape == (6, 2, 2)


def test_a_sample_for_each_row():
    params = {"method": "sample", "random_state": 5}
    drawn = ServedModel(Sampler(False)).predict(np.zeros((3, 1)), params)
    assert drawn.tolist() == [[5, 5]] * 3
    model = Sampler(True)
    asked = []
    model.sample = lambda n, y, random_state: asked.append(y) or np.zeros((n, 2))
    ServedModel(model).predict(np.array([[7.0], [3.0]]), params)
    assert asked[0].tolist() == [7, 3] and asked[0].dtype == model.classes_.dtype


def test_a_pipeline_gives_samples_in_the_form_of_its_data():
    from sklearn.pipeline import Pipeline

    from kerasweep import PixelScaler
    from kerasweep.serving import taking_images

    scaler = PixelScaler(10).fit(ROWS[:2])
    sampler = Sampler(False)
    sampler.transform = lambda X: X
    sampler.sample = lambda n, random_state: np.full((n, 4), 0.5)
    pipeline = Pipeline([("scale", scaler), ("net", sampler)])
    asked = {"method": "sample", "random_state": 5}
    served = ServedModel(taking_images(pipeline, (2, 2)))
    assert "sample" in served.methods
    drawn = served.predict(np.zeros((3, 1)), asked)
    np.testing.assert_allclose(drawn, np.full((3, 2, 2), 5.0))
    no_sampler = ServedModel(taking_images(scaler, (2, 2)))
    assert "sample" not in no_sampler.methods


def test_a_denoiser_answers_in_the_form_of_its_data():
    from sklearn.pipeline import Pipeline

    from kerasweep import DenoisingAutoencoder, MedianFilter, PixelScaler
    from kerasweep.serving import taking_images

    net = DenoisingAutoencoder()
    net.transform, net.__sklearn_is_fitted__ = lambda X: X / 2, lambda: True
    steps = [("scale", PixelScaler(32).fit(ROWS)), ("net", net)]
    served = ServedModel(taking_images(Pipeline(steps), (2, 2)))
    assert served.methods[:2] == ("denoise", "transform")
    images = ROWS.reshape(6, 2, 2)
    np.testing.assert_allclose(served.predict(images), images / 2)
    np.testing.assert_allclose(served.predict(ROWS), ROWS / 2)
    np.testing.assert_allclose(
        served.predict(images, {"method": "transform"}), images / 64
    )
    # What no step can take back is answered as it is.
    filtered = Pipeline([("filter", MedianFilter().fit(ROWS)), ("net", net)])
    assert ServedModel(filtered).methods == ("transform",)
    np.testing.assert_allclose(ServedModel(net).predict(ROWS), ROWS / 2)
