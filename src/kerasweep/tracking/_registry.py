"""Registered models: their versions, and which of them is the champion."""

from typing import Any, NamedTuple

from kerasweep.persistence import load
from kerasweep.persistence._fetch import FLAVOR, flavors_of
from kerasweep.tracking._store import Store, is_refusal

CHAMPION = "champion"
_BEFORE = "kerasweep.previous_champion"


def champion_of(client: Any, name: str) -> Any:
    """Return the champion's version, None if there is none."""
    try:
        return client.get_model_version_by_alias(name, CHAMPION)
    except Exception as error:
        if is_refusal(error):
            return None
        raise


def set_champion(client: Any, name: str, version: str) -> None:
    """Make a version the champion, and expect_scores the one before it."""
    before = champion_of(client, name)
    if before is not None and str(before.version) != str(version):
        client.set_registered_model_tag(name, _BEFORE, str(before.version))
    client.set_registered_model_alias(name, CHAMPION, str(version))


class RegisteredModel:
    """The versions of one registered model.

    Parameters
    ----------
    name : str

    Raises
    ------
    ValueError
        If there is no such model in the registry.
    """

    def __init__(self, name: str):
        from mlflow import MlflowClient

        self.name = name
        self._client = MlflowClient()
        try:
            self._client.get_registered_model(name)
        except Exception as error:
            if not is_refusal(error):
                raise
            known = [model.name for model in self._client.search_registered_models()]
            raise ValueError(
                f"name must be a registered model, one of {', '.join(known) or 'none'}."
                f" Got {name!r} instead."
            ) from None

    @property
    def champion(self) -> str | None:
        """Number of the version that has the alias ``champion``."""
        found = champion_of(self._client, self.name)
        return None if found is None else str(found.version)

    def find(self, version: str) -> str:
        """Return the number of a version.

        Parameters
        ----------
        version : str
            A number, or "latest".

        Raises
        ------
        ValueError
            If there is no such version.
        """
        mark = '"' if "'" in self.name else "'"
        found = self._client.search_model_versions(f"name = {mark}{self.name}{mark}")
        numbers = sorted(int(one.version) for one in found)
        if version == "latest" and numbers:
            return str(numbers[-1])
        if version not in map(str, numbers):
            known = ", ".join(map(str, numbers)) or "none"
            raise ValueError(
                f'A version of {self.name} must be "latest" or one of {known}. '
                f"Got {version!r} instead."
            )
        return version

    def load(self, version: str) -> Any:
        """Load a version as the scikit-learn estimator that it is."""
        uri = f"models:/{self.name}/{version}"
        if FLAVOR in flavors_of(uri):
            return load(uri)
        import mlflow

        return mlflow.sklearn.load_model(uri)

    def promote(self, version: str) -> None:
        """Make a version the champion."""
        set_champion(self._client, self.name, version)

    def roll_back(self) -> tuple[str, str]:
        """Make the champion before this one the champion again.

        Returns
        -------
        before, after : str
            Versions.

        Raises
        ------
        ValueError
            If there was none before.
        """
        now = self.champion
        tags = self._client.get_registered_model(self.name).tags
        if now is None or _BEFORE not in tags:
            raise ValueError(
                f"{self.name} can be rolled back once a second version was its "
                "champion; there was none."
            )
        to = self.find(tags[_BEFORE])
        self.promote(to)
        return now, to


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
