"""The compiled programs of this process, for whoever counts them."""

from kerasweep.training.engine._program import programs

__all__ = ["programs"]
