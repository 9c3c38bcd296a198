"""How many examples of a property are tried."""

from hypothesis import HealthCheck, settings


def few(n):
    """Give settings for a property whose every example trains a network."""
    return settings(
        max_examples=n,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
