"""What pytest leaves out when it collects doctests."""

from importlib.util import find_spec

collect_ignore = []
if find_spec("jax") is None:
    collect_ignore.append("src/kerasweep/training/_jax_runtime.py")
