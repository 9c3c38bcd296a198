"""PSNR and SSIM against numbers worked out by hand and by TensorFlow."""

import numpy as np
import pytest

from kerasweep.model_selection import denoising_quality, psnr, ssim
from kerasweep.preprocessing import MedianFilter, SaltAndPepper

RNG = np.random.default_rng(0)


def test_psnr_by_hand():
    true = np.zeros((3, 100))
    other = true.copy()
    other[0, 0] = 1.0  # mse 1/100
    other[1] = 0.5  # mse 1/4
    np.testing.assert_allclose(psnr(true, other)[:2], [20, 10 * np.log10(4)])
    assert psnr(true, other)[2] == np.inf
    np.testing.assert_allclose(psnr(true, 255 * other, data_range=255)[0], 20)


def test_ssim_by_hand():
    # Flat images have no variance: (2ab + c1) / (a**2 + b**2 + c1).
    a, b, c1 = 0.2, 0.6, 0.01**2
    expected = (2 * a * b + c1) / (a**2 + b**2 + c1)
    out = ssim(np.full((1, 12, 12), a), np.full((1, 12, 12), b))
    np.testing.assert_allclose(out, expected)


@pytest.mark.parametrize("shape", [(28, 28, 1), (11, 15, 3)])
@pytest.mark.parametrize("data_range", [1.0, 255.0])
def test_ssim_and_psnr_as_tensorflow_has_them(shape, data_range):
    tf = pytest.importorskip("tensorflow")
    true = data_range * RNG.random((4, *shape))
    other = np.clip(true + 0.2 * data_range * RNG.standard_normal(true.shape), 0, None)
    np.testing.assert_allclose(
        ssim(true, other, data_range=data_range),
        tf.image.ssim(true, other, max_val=data_range).numpy(),
        atol=1e-5,
    )
    np.testing.assert_allclose(
        psnr(true, other, data_range=data_range),
        tf.image.psnr(true, other, max_val=data_range).numpy(),
        rtol=1e-5,
    )


def test_ssim_of_small_images_and_rows():
    true = RNG.random((3, 64))
    other = RNG.random((3, 64))
    np.testing.assert_allclose(ssim(true, true), 1)
    np.testing.assert_allclose(
        ssim(true, other), ssim(true.reshape(3, 8, 8), other.reshape(3, 8, 8))
    )
    assert ssim(true, other, image_shape=(4, 16)).shape == (3,)
    assert ssim(true[:, :1], other[:, :1]).shape == (3,)


def test_shapes_must_agree():
    for measure in (psnr, ssim):
        with pytest.raises(ValueError, match="must have the same shape"):
            measure(np.zeros((2, 9)), np.zeros((2, 4)))


def test_quality_of_each_method_at_each_level():
    X = np.zeros((50, 100), dtype=np.float32)
    methods = {"none": None, "median": MedianFilter().fit(X)}
    frame = denoising_quality(methods, X, [0.0, 0.2], n_repeats=2)
    assert len(frame) == 2 * 2 * 2
    assert frame["n"].eq(50).all()
    clean = frame[frame["amount"] == 0]
    assert (clean["psnr"] == np.inf).all()
    assert clean["psnr_low"].isna().all()
    assert (clean["ssim"] == 1).all()
    noisy = frame[(frame["amount"] == 0.2) & (frame["method"] == "none")]
    # a tenth of the pixels is white: mse 0.1, 10 dB
    assert noisy["psnr"].between(9.5, 11).all()
    assert (noisy["psnr_low"] < noisy["psnr"]).all()
    assert (noisy["psnr"] < noisy["psnr_high"]).all()
    seed = int(noisy["seed"].iloc[0])
    again = SaltAndPepper(amount=0.2, random_state=seed).fit_transform(X)
    assert psnr(X, again).mean() == pytest.approx(noisy["psnr"].iloc[0])
