"""What a failing write to MLflow becomes."""

import errno
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

#: MLflow's codes for what it will never take.
_REFUSED = {
    *("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST"),
    *("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "ENDPOINT_NOT_FOUND"),
    *("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS", "NOT_IMPLEMENTED"),
}
#: Those for what it may take later; BAD_REQUEST is also a database's any error.
_LATER = {
    *("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"),
    *("REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "BAD_REQUEST"),
}
_BAD_PATH = {
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR),
    *(errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.ENAMETOOLONG, errno.ELOOP),
    errno.EILSEQ,
}
_DENIED = {401, 403}
_STATUS_LATER = {408, 409, 425, 429}
#: SQLAlchemy's errors that are about the values.
_BAD_VALUES = {"DataError", "IntegrityError", "StatementError"}
_NAMED = 5


@contextmanager
def careful(what: str) -> Iterator[None]:
    """Turn an error into one sentence: what was computed is never lost to it."""
    try:
        yield
    except Exception as error:
        warnings.warn(
            f"MLflow has not recorded {what}, because of {type(error).__name__}: "
            f"{_one_line(error)}. The results themselves are complete.",
            stacklevel=4,
        )


class Refusals:
    """What MLflow will never take, until one warning has named it.

    Gathered in the writer's thread, told in the user's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new: dict[str, str] = {}

    def add(self, what: str, error: BaseException) -> None:
        """Note something that was refused."""
        with self._lock:
            self._new.setdefault(what, f"{type(error).__name__}: {_one_line(error)}")

    @contextmanager
    def skipping(self, what: str) -> Iterator[None]:
        """Note, and go on without, what is refused; any other error is raised."""
        try:
            yield
        except Exception as error:
            if not is_refusal(error):
                raise
            self.add(what, error)

    def tell(self) -> None:
        """Warn of what is new."""
        with self._lock:
            new, self._new = self._new, {}
        if not new:
            return
        names = ", ".join(list(new)[:_NAMED])
        if len(new) > _NAMED:
            names += f" and {len(new) - _NAMED} more"
        warnings.warn(
            f"MLflow does not take {names}, because of {next(iter(new.values()))}. "
            "All else is recorded, and the results themselves are complete.",
            stacklevel=4,
        )


def is_refusal(error: BaseException) -> bool:
    """Whether a store will never take what it has just refused."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        cause = error.__cause__ or error.__context__
        code = error.error_code
        if code == "BAD_REQUEST" and "sqlalchemy" in type(cause).__module__:
            return type(cause).__name__ in _BAD_VALUES
        if code == "INTERNAL_ERROR":  # MLflow's for any error of Python
            return cause is not None and is_refusal(cause)
        return code in _REFUSED
    if isinstance(error, OSError):
        status = _http_status(error)
        if status is None:
            return error.errno in _BAD_PATH
        return 400 <= status < 500 and status not in _DENIED | _STATUS_LATER
    return isinstance(
        error, (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
    )


def is_outage(error: BaseException) -> bool:
    """Whether a store may soon take what it has just refused."""
    from mlflow.exceptions import MlflowException

    if is_refusal(error):
        return False
    if isinstance(error, MlflowException):
        return error.error_code in _LATER
    if isinstance(error, OSError):  # also of requests, and of a full disk
        return _http_status(error) not in _DENIED
    return type(error).__name__ == "OperationalError"  # a database that is locked


def _http_status(error: OSError) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
