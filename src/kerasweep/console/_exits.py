"""How a script ends when it can't go on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

BAD_INPUT = 2
INTERRUPTED = 130


@contextmanager
def bad_input_exits() -> Iterator[None]:
    """Turn an error of the code within into one sentence and exit code 2.

    Meant for what is done before any training: reading data, asking for the tracking
    server, checking options against each other.
    """
    try:
        yield
    except (ValueError, TypeError, OSError) as error:
        _say(" ".join(str(error).split()))
        raise SystemExit(BAD_INPUT) from None


@contextmanager
def interruption_exits(message: str) -> Iterator[None]:
    """Turn Ctrl-C in the code within into one sentence and exit code 130.

    A search that can't be resumed has not trained anything: that is bad input.

    Parameters
    ----------
    message : str
        What was kept and where.
    """
    try:
        yield
    except ValueError as error:
        from kerasweep.tracking import ResumeError

        if not isinstance(error, ResumeError):
            raise
        _say(" ".join(str(error).split()))
        raise SystemExit(BAD_INPUT) from None
    except KeyboardInterrupt:
        _say(f"Interrupted. {message}")
        raise SystemExit(INTERRUPTED) from None


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
