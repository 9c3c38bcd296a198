"""The application of `mlflow models serve` in a thread, which is there in moments."""

import threading

import pytest


class ScoringThread:
    """Answers for a model at a bound socket until it is closed."""

    def __init__(self, model, socket):
        import mlflow
        import uvicorn
        from mlflow.environment_variables import _MLFLOW_IS_IN_SERVING_ENVIRONMENT
        from mlflow.pyfunc import scoring_server

        self._patch = pytest.MonkeyPatch()
        self._patch.setenv(_MLFLOW_IS_IN_SERVING_ENVIRONMENT.name, "true")
        app = scoring_server.init(mlflow.pyfunc.load_model(model))
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, args=[[socket]])
        self._thread.start()

    def lives(self):
        return self._thread.is_alive()

    def close(self):
        self._server.should_exit = True
        self._thread.join(60)
        self._patch.undo()
