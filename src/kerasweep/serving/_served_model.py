"""A fitted model as MLflow's scoring server asks it."""

from pathlib import Path
from typing import Any

import numpy as np

from kerasweep.serving._columns import Column, as_fitted, read_columns

#: What may be asked for, the default first.
METHODS = (
    "predict",
    "denoise",
    "transform",
    "sample",
    "predict_proba",
    "decision_function",
    "score_samples",
    "inverse_transform",
)


class ServedModel:
    """Answer requests with one of a fitted model's methods.

    Parameters
    ----------
    model : estimator
        Fitted; images or rows go in where its first step takes both.
    columns : list of Column, default=None
        Those of the frame that it was fitted on; requests get their types.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    >>> served = ServedModel(model)
    >>> served.predict(np.array([[0.0]])).tolist()
    ['no']
    >>> served.predict(np.array([[0.0]]), {"method": "predict_proba"}).shape
    (1, 2)
    """

    def __init__(self, model: Any, columns: list[Column] | None = None):
        self.model = model
        self.columns = columns

    @property
    def methods(self) -> tuple[str, ...]:
        """What this model can be asked for."""
        return tuple(name for name in METHODS if self._has(name))

    def get_raw_model(self) -> Any:
        """Return the estimator, as MLflow asks for it."""
        return self.model

    def _has(self, name: str) -> bool:
        if name == "sample":
            # A pipeline passes on what scikit-learn knows, which samples are not.
            return hasattr(self._last, name)
        if name == "denoise":
            from kerasweep.estimators import DenoisingAutoencoder

            before = self.model if self._last is self.model else self.model[:-1]
            return isinstance(self._last, DenoisingAutoencoder) and (
                self._last is self.model or hasattr(before, "inverse_transform")
            )
        return hasattr(self.model, name)

    @property
    def _last(self) -> Any:
        return getattr(self.model, "_final_estimator", self.model)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Answer one request.

        Parameters
        ----------
        data : ndarray or DataFrame
            Images, or one row an image. For ``method="sample"`` one row for each
            sample; of a conditional model it holds the class that is asked for.
        params : dict, default=None
            ``method``: one of :attr:`methods`; by default the first of them.
            ``random_state``: a whole number, for ``method="sample"``.

        Returns
        -------
        answer : ndarray
            Of images, if images were sent to be denoised or transformed. What a
            pipeline denoises or samples is taken back through the steps before its
            last: it has the range of the data, pixels up to 255 for instance.

        Raises
        ------
        ValueError
            If the model has no such method.
        """
        params = params or {}
        method = params.get("method") or self.methods[0]
        if method not in self.methods:
            raise ValueError(
                f"`method` of {type(self.model).__name__} must be one of "
                f"{', '.join(self.methods)}. Got {method!r} instead."
            )
        if not hasattr(data, "iloc"):
            data = np.asarray(data)
        if method == "sample":
            return self._sample(np.asarray(data), params.get("random_state"))
        if self.columns and hasattr(data, "iloc") and method != "inverse_transform":
            data = as_fitted(data, self.columns)
        if method == "denoise":
            return self._denoise(data)
        answer = np.asarray(getattr(self.model, method)(data))
        if method == "transform" and answer.size == np.size(data) and data.ndim > 2:
            return answer.reshape(data.shape)
        return answer

    def _denoise(self, data: Any) -> np.ndarray:
        clean = np.asarray(self.model.transform(data))
        return self._as_it_came(clean).reshape(np.shape(data))

    def _as_it_came(self, rows: np.ndarray) -> np.ndarray:
        """Take rows back through the steps before the last."""
        if self._last is self.model:
            return rows
        return np.asarray(self.model[:-1].inverse_transform(rows))

    def _sample(self, data: np.ndarray, random_state: int | None) -> np.ndarray:
        last = self._last
        asked: dict[str, Any] = {"random_state": random_state}
        if getattr(last, "conditional", False):
            asked["y"] = data.reshape(len(data), -1)[:, 0].astype(last.classes_.dtype)
        drawn = last.sample(len(data), **asked)
        rows = np.asarray(drawn[0] if isinstance(drawn, tuple) else drawn)
        return self._as_it_came(rows)


#: Beside the model: the columns of the frame that it was fitted on.
COLUMNS_FILE = "columns.json"


def _load_pyfunc(path: str) -> ServedModel:
    """Load a pickle that MLflow wrote; MLflow finds this function by its name."""
    import cloudpickle
    from mlflow.environment_variables import MLFLOW_ALLOW_PICKLE_DESERIALIZATION

    from kerasweep.serving._evaluation import show_to_evaluators

    if not MLFLOW_ALLOW_PICKLE_DESERIALIZATION.get():
        raise ValueError(
            f"Model {str(path)!r} is a pickle, which could run any code, and "
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION forbids to load it."
        )
    show_to_evaluators()
    columns = read_columns(Path(path).with_name(COLUMNS_FILE))
    with open(path, "rb") as file:
        return ServedModel(cloudpickle.load(file), columns)
