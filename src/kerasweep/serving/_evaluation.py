"""What ``mlflow.models.evaluate`` sees of a served model: its probabilities, too.

The only user of MLflow's private `_extract_raw_model`, which asks for probabilities
those models alone that MLflow's own modules load. `tests/serving/test_evaluation.py`
fails when MLflow moves it.
"""

import sys
from functools import wraps
from typing import Any

_FOLDER = "mlflow.models.evaluation"
_USERS = ("default_evaluator", "evaluators.classifier", "evaluators.shap")
_NAME = "_extract_raw_model"


def show_to_evaluators() -> None:
    """Let MLflow's evaluators find the estimator inside a served model.

    Called where one is loaded; nothing is imported for it. A model that this package
    did not save is looked into as before.
    """
    for user in _USERS:
        module = sys.modules.get(f"{_FOLDER}.{user}")
        find = getattr(module, _NAME, None)
        if find is not None and not hasattr(find, "__wrapped__"):
            setattr(module, _NAME, _finding_served(find))


def _finding_served(find: Any) -> Any:
    from kerasweep.serving._served_model import ServedModel

    @wraps(find)
    def find_raw_model(model: Any) -> tuple[str | None, Any]:
        served = getattr(model, "_model_impl", None)
        if isinstance(served, ServedModel) and served.methods[0] == "predict":
            return "mlflow.sklearn", served.get_raw_model()
        return find(model)

    return find_raw_model
