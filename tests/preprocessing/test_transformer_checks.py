"""scikit-learn's own checks of the transformers."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from kerasweep.preprocessing import (
    GaussianNoise,
    MedianFilter,
    PixelScaler,
    SaltAndPepper,
)

TRAINING_ONLY = "fit_transform corrupts, transform by design does not (apply='fit')"
BY_POSITION = "a row's noise depends on its position in X (apply='always')"


def expected_failed_checks(estimator):
    if isinstance(estimator, PixelScaler | MedianFilter):
        return {}
    if estimator.apply == "fit":
        return {
            "check_transformer_general": TRAINING_ONLY,
            "check_transformer_data_not_an_array": TRAINING_ONLY,
        }
    return {
        "check_methods_sample_order_invariance": BY_POSITION,
        "check_methods_subset_invariance": BY_POSITION,
    }


# The checks' data are not in [0, 1], of which GaussianNoise rightly warns.
@pytest.mark.filterwarnings("ignore:X of GaussianNoise lies in:UserWarning")
# ... nor are they square images.
@pytest.mark.filterwarnings("ignore:X of MedianFilter has:UserWarning")
@parametrize_with_checks(
    [
        MedianFilter(),
        PixelScaler(),
        SaltAndPepper(),
        SaltAndPepper(apply="always"),
        GaussianNoise(),
        GaussianNoise(apply="always"),
    ],
    expected_failed_checks=expected_failed_checks,
    xfail_strict=True,
)
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("noise", [SaltAndPepper(amount=0), GaussianNoise(std=0)])
def test_without_noise_no_check_fails(noise):
    from sklearn.utils.estimator_checks import check_estimator

    results = check_estimator(noise, on_skip=None, on_fail=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
