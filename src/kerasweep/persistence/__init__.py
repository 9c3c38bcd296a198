"""Fitted estimators in files that hold data alone: no pickle, no code."""

from kerasweep.persistence._export import export_keras, export_onnx
from kerasweep.persistence._load import load
from kerasweep.persistence._pyfunc import _load_pyfunc
from kerasweep.persistence._save import save

__all__ = ["_load_pyfunc", "export_keras", "export_onnx", "load", "save"]
