"""Users' own objects, copied or pickled with the code that they need."""

import copy
import io
import pickle
import types
from typing import Any

import cloudpickle

from kerasweep.estimators._keras_reducers import reduce_keras

_BY_REFERENCE = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)


class _ByValue(cloudpickle.Pickler):
    """Takes along the code of a script, a notebook or a function's inside."""

    def reducer_override(self, item: Any) -> Any:
        reduced = reduce_keras(item)
        if reduced is not NotImplemented:
            return reduced
        return super().reducer_override(item)


class _InProcess(pickle.Pickler):
    """Leaves functions, classes and modules as they are."""

    def __init__(self, file: Any):
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.kept: list[Any] = []

    def persistent_id(self, item: Any) -> int | None:
        if not isinstance(item, _BY_REFERENCE):
            return None
        self.kept.append(item)
        return len(self.kept) - 1

    def reducer_override(self, item: Any) -> Any:
        return reduce_keras(item)


class _InProcessAgain(pickle.Unpickler):
    def __init__(self, file: Any, kept: list[Any]):
        super().__init__(file)
        self._kept = kept

    def persistent_load(self, number: int) -> Any:
        return self._kept[number]


def copied(value: Any) -> Any:
    """Copy an object with all that it holds, and share its functions and classes.

    Parameters
    ----------
    value : object
        Optimizers become fresh ones, metrics forget what they have counted.

    Returns
    -------
    copy : object

    Raises
    ------
    Exception
        Whatever a part raises that cannot be copied.
    """
    file = io.BytesIO()
    pickler = _InProcess(file)
    pickler.dump(value)
    file.seek(0)
    return _InProcessAgain(file, pickler.kept).load()


def copied_or_deepcopied(value: Any) -> Any:
    """Copy an object, as Python does it where a part can't be pickled."""
    try:
        return copied(value)
    except Exception:
        return copy.deepcopy(value)


class Carried:
    """A value that is pickled with the code that it needs.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    values : dict of str to object
    """

    def __init__(self, owner: str, values: dict[str, Any]):
        self.owner = owner
        self.values = values

    def __reduce__(self) -> Any:
        try:
            return _opened, (self.owner, _by_value(self.values))
        except Exception:
            name, error = self._culprit()
            raise pickle.PicklingError(
                f"{name} of {self.owner} must be something that can be pickled. Got "
                f"{self.values[name]!r} instead, of which pickle says: {error}"
            ) from error

    def __deepcopy__(self, memo: Any) -> "Carried":
        return Carried(self.owner, copied_or_deepcopied(self.values))

    def _culprit(self) -> tuple[str, Exception]:
        error: Exception = pickle.PicklingError("its parts can't be pickled together.")
        name = next(iter(self.values))
        for tried, value in self.values.items():
            try:
                _by_value(value)
            except Exception as raised:
                name, error = tried, raised
        return name, error


def _by_value(value: Any) -> bytes:
    file = io.BytesIO()
    _ByValue(file).dump(value)
    return file.getvalue()


def _opened(owner: str, data: bytes) -> Carried:
    return Carried(owner, pickle.loads(data))
