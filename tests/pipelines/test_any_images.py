"""Every experiment on images of another shape, in colour, of more classes."""

import json
import shutil

import numpy as np
import pytest

N_CLASSES, HEIGHT, WIDTH = 12, 12, 16


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Noisy copies of one pattern a class, in Keras' npz form."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (N_CLASSES, HEIGHT // 4, WIDTH // 4, 3))
    parts = {}
    for part, n in (("train", 20 * N_CLASSES), ("test", 5 * N_CLASSES)):
        labels = rng.permutation(np.arange(n) % N_CLASSES)
        images = np.kron(patterns[labels].astype(float), np.ones((1, 4, 4, 1)))
        noisy = images + rng.normal(0, 40, images.shape)
        parts[f"x_{part}"] = noisy.clip(0, 255).astype(np.uint8)
        parts[f"y_{part}"] = labels.astype(np.uint8)
    path = tmp_path_factory.mktemp("images") / "patterns.npz"
    np.savez(path, **parts)
    return path


#: What else makes them small: the images are looked at, not the accuracy.
OPTIONS = {
    "baseline": ["--epochs", "2"],
    "sweep": ["--epochs", "2"],
    "conv": ["--epochs", "2"],
    "conv_sweep": ["--epochs", "2"],
    "regularize": ["--epochs", "2", "--plain-epochs", "2"],
    "denoise": [
        *("--epochs", "2", "--denoiser-epochs", "2", "--classifier-epochs", "2"),
        *("--filters", "4,4", "--amounts", "0,0.4"),
    ],
    "generate": [
        *("--epochs", "2", "--map-epochs", "2", "--classifier-epochs", "2"),
        *("--samples", "50", "--draws", "5"),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_experiment(
    name, archive, load_script, empty_database, monkeypatch, tmp_path, capsys
):
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)  # artifacts go there
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    options = ["--data", str(archive), "--quick", "1", "--register-as", ""]
    options += OPTIONS[name]
    load_script(name).main([*options, "--out", str(tmp_path)])
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["finished"]
    assert record["dataset"] == "patterns"
    assert record["results"] and record["figures"]
    said = capsys.readouterr().out
    assert "Published" not in said and "MNIST" not in said and "Hinton" not in said
