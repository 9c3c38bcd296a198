"""Reports on what MLflow holds: pages for reading, made without training."""

from kerasweep.reporting._comparison import Comparison, Published, compare
from kerasweep.reporting._report import write_report
from kerasweep.reporting._sections import select_experiments

__all__ = ["Comparison", "Published", "compare", "select_experiments", "write_report"]
