"""Data for the pipelines: bundled MNIST, digits, OpenML, and files."""

from kerasweep.datasets._load import load_dataset
from kerasweep.datasets._mnist import load_mnist
from kerasweep.datasets._reference_results import load_reference_results

__all__ = ["load_dataset", "load_mnist", "load_reference_results"]
