"""The model of a search, logged and registered."""

import tempfile
from pathlib import Path

from kerasweep.tracking._model import save_winner, upload_model
from kerasweep.tracking._register import Registered, Scores, register_version
from kerasweep.tracking._runs import Run, Settings
from kerasweep.tracking._writer import Writer


def upload_winner(run: Run, settings: Settings, writer: Writer) -> None:
    """Log a run's winner as its model."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "model")
        save_winner(run.winner, run.example, settings.image_shape, folder)
        run.model_id = writer.call(
            lambda store: upload_model(store, run.run_id, folder)
        )


def register_winner(
    run: Run, name: str, settings: Settings, writer: Writer
) -> Registered:
    """Register the model that a run has logged."""
    assert run.model_id is not None
    model_id, scores = run.model_id, _scores(run, settings)
    registered = writer.call(
        lambda store: register_version(store, name, model_id, run.run_id, scores)
    )
    tags = {
        "registered": f"{name} version {registered.version}",
        "champion": f"{str(registered.is_champion).lower()}: {registered.reason}",
    }
    writer.call(lambda store: store.log(run.run_id, tags=tags))
    return registered


def _scores(run: Run, settings: Settings) -> Scores:
    digest = run.data.digest if run.data else "unknown"
    validation = run.validation or ("score", None)
    test = run.test or ("", None)
    return Scores(
        settings.dataset_name or digest,
        validation[1],
        validation[0],
        test[1],
        test[0],
    )
