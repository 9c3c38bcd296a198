"""One line of what the doctor says."""

import shutil
import textwrap
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do about it.

    Parameters
    ----------
    name : str
        What was looked at.
    state : {"OK", "WARN", "FAIL"}
        WARN: it works, but not as well as it could. FAIL: some experiment can't run.
    found : str
    advice : str, default=""
        What to do, a sentence; empty where nothing is to be done.
    """

    name: str
    state: Literal["OK", "WARN", "FAIL"]
    found: str
    advice: str = ""

    def __str__(self) -> str:
        """Return it for a terminal, with the advice in a line of its own."""
        lines = [_wrapped(f"{self.state:<6}{self.name:<14}", self.found)]
        if self.advice:
            lines.append(_wrapped(f"{'':<20}-> ", self.advice))
        return "\n".join(lines)


def _wrapped(start: str, text: str) -> str:
    return textwrap.fill(
        text,
        max(60, shutil.get_terminal_size((100, 24)).columns),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
