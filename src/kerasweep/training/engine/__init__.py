"""From a network and its rows to weights and a history."""
