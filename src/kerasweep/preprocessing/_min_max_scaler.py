"""scikit-learn's scaler to [0, 1], for tables."""

from sklearn import preprocessing
from sklearn.callback import CallbackSupportMixin


class MinMaxScaler(CallbackSupportMixin, preprocessing.MinMaxScaler):
    """``sklearn.preprocessing.MinMaxScaler`` that lets callbacks pass.

    The same in every other way. scikit-learn warns of each pipeline step that callbacks
    cannot reach, and its own scalers are such steps.

    See Also
    --------
    PixelScaler : For images, whose features all have one known range.
    """
