"""OpenML, with `fetch_openml` replaced: no test reaches the network."""

from http.client import IncompleteRead
from urllib.error import HTTPError, URLError

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
from sklearn.utils import Bunch

from kerasweep.datasets import load_dataset


@pytest.fixture
def openml(monkeypatch):
    """Replace `fetch_openml`, and note what it was asked for."""
    answer = Bunch(calls=[], frame=None, targets=["class"], error=None)

    def fetch_openml(name=None, *, data_id=None, target_column, as_frame, parser):
        answer.calls.append((name, data_id, target_column))
        if answer.error is not None:
            raise answer.error
        return Bunch(
            frame=answer.frame,
            target_names=answer.targets,
            details={"id": "554", "name": "mnist_784"},
            DESCR="Described there.",
        )

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    pixels = {f"pixel{i}": [i, 250 + i] for i in range(1, 5)}
    answer.frame = pd.DataFrame(pixels)
    answer.frame["class"] = pd.Categorical(["5", "0"])
    return answer


@pytest.mark.parametrize(
    ("spec", "asked"),
    [("openml:554", (None, 554)), ("openml:mnist_784", ("mnist_784", None))],
)
def test_openml_by_name_and_number(openml, spec, asked):
    dataset = load_dataset(spec)
    assert openml.calls == [(*asked, "default-target")]
    np.testing.assert_array_equal(dataset.data, [[1, 2, 3, 4], [251, 252, 253, 254]])
    assert (dataset.image_shape, dataset.max_value) == ((2, 2), 255)
    assert dataset.target.tolist() == ["5", "0"]
    assert dataset.target_names.tolist() == ["0", "5"]
    assert dataset.name == "mnist_784"
    assert dataset.source == "https://www.openml.org/d/554"
    assert dataset.DESCR == "Described there."


def test_target_is_passed_on(openml):
    openml.targets = ["pixel1"]
    dataset = load_dataset("openml:554", target="pixel1")
    assert openml.calls == [(None, 554, "pixel1")]
    assert dataset.feature_names == ["pixel2", "pixel3", "pixel4", "class"]


@pytest.mark.parametrize(
    "error",
    [
        URLError("no route"),
        HTTPError("https://example.org", 503, "busy", None, None),
        TimeoutError("timed out"),
        ConnectionResetError("reset"),
        IncompleteRead(b"half"),
    ],
)
def test_network_errors_are_one_sentence(openml, error):
    openml.error = error
    with pytest.raises(OSError, match=r"'openml:554' must be fetched.*failed \(.+\)"):
        load_dataset("openml:554")


def test_unknown_dataset_is_refused(openml):
    openml.error = ValueError("No active dataset mnsit found.")
    with pytest.raises(ValueError, match=r"It can't \(No active dataset mnsit found\)"):
        load_dataset("openml:mnsit")


@pytest.mark.parametrize("targets", [[], ["class", "pixel1"]])
def test_datasets_without_one_target_are_refused(openml, targets):
    openml.targets = targets
    with pytest.raises(ValueError, match=r"must have one target column. Got"):
        load_dataset("openml:554")


def test_missing_values_make_a_frame(openml):
    openml.frame.loc[1, "pixel3"] = np.nan
    dataset = load_dataset("openml:554", kinds={"pixel1": "drop"})
    assert list(dataset.data) == ["pixel2", "pixel3", "pixel4"]
    assert dataset.data["pixel3"].isna().tolist() == [False, True]


def test_infinite_values_name_the_row(openml):
    openml.frame["pixel3"] = [1.5, np.inf]
    with pytest.raises(ValueError, match=r"'pixel3' of https.* finite. Got inf in row"):
        load_dataset("openml:554")
