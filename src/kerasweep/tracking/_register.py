"""Versions of a registered model, and which of them is the champion."""

from typing import Any, NamedTuple

from kerasweep.tracking._champion import champion_of, set_champion
from kerasweep.tracking._store import Store


class Scores(NamedTuple):
    """What a winner is compared by."""

    dataset: str
    validation: float | None = None
    validation_metric: str = "score"
    test: float | None = None
    test_metric: str = ""

    def tags(self) -> dict[str, str]:
        """Return the scores as a version's tags."""
        tags = {"dataset": self.dataset}
        if self.validation is not None:
            tags["validation_score"] = repr(float(self.validation))
            tags["validation_metric"] = self.validation_metric
        if self.test is not None:
            tags["test_score"] = repr(float(self.test))
            tags["test_metric"] = self.test_metric
        return tags


class Registered(NamedTuple):
    """A registered version, whether it is now the champion, and why."""

    name: str
    version: str
    is_champion: bool
    reason: str


def register_version(
    store: Store, name: str, model_id: str, run_id: str, scores: Scores
) -> Registered:
    """Register a logged model; move the alias where it beats the champion."""
    _make_model(store, name)
    tags = scores.tags()
    # Its address, not models:/ID, which MLflow looks up in the current tracking URI.
    logged = store.client.get_logged_model(model_id)
    version = str(
        store.client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=run_id,
            tags=tags,
            model_id=model_id,
        ).version
    )
    wins, reason = _compare(tags, champion_of(store.client, name))
    if wins:
        set_champion(store.client, name, version)
    return Registered(name, version, wins, reason)


def _make_model(store: Store, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name)
    except MlflowException as error:
        if "ALREADY_EXISTS" not in str(error.error_code):
            raise


def _compare(new: dict[str, str], champion: Any) -> tuple[bool, str]:
    """Compare on the test score where both have one, else on the validation score."""
    if champion is None:
        return True, "it is the first champion"
    old = champion.tags
    holder = f"version {champion.version}"
    if old.get("dataset") != new["dataset"]:
        return False, (
            f"{holder} was scored on {old.get('dataset', 'unknown data')}, "
            f"not on {new['dataset']}"
        )
    for kind in ("test", "validation"):
        score, metric = f"{kind}_score", f"{kind}_metric"
        if score in old and score in new and old.get(metric) == new[metric]:
            ours, theirs = float(new[score]), float(old[score])
            wins = ours > theirs
            return wins, (
                f"its {kind} {new[metric]} of {ours:.4f} "
                f"{'beats' if wins else 'does not beat'} the {theirs:.4f} of {holder}"
            )
    return False, f"{holder} has no score of the same kind"
