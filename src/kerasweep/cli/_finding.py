"""One line of what the doctor says."""

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
        """Return the line, with the advice in a line of its own."""
        line = f"{self.state:<6}{self.name:<14}{self.found}"
        return f"{line}\n{'':<20}-> {self.advice}" if self.advice else line
