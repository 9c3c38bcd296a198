"""How a script ends when it can't go on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

BAD_INPUT = 2
#: Exit code of an experiment whose results are not all in MLflow.
NOT_RECORDED = 3
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
        end(" ".join(str(error).split()), BAD_INPUT)


@contextmanager
def interruption_exits(message: str) -> Iterator[None]:
    """Turn Ctrl-C in the code within into one sentence and exit code 130.

    A search that can't be resumed has not trained anything: that is bad input.
    """
    try:
        yield
    except ValueError as error:
        from kerasweep.tracking import ResumeError

        if not isinstance(error, ResumeError):
            raise
        end(" ".join(str(error).split()), BAD_INPUT)
    except KeyboardInterrupt:
        end(f"Interrupted. {message}", INTERRUPTED)


def end(sentence: str, code: int) -> NoReturn:
    """Print a sentence among the errors, and exit."""
    print(sentence, file=sys.stderr, flush=True)
    raise SystemExit(code) from None
