"""What answers requests: a fitted model behind images, rows, tables, and a method."""

from kerasweep.serving._images import ImagesToRows, taking_images
from kerasweep.serving._served_model import METHODS, ServedModel, _load_pyfunc

__all__ = ["METHODS", "ImagesToRows", "ServedModel", "_load_pyfunc", "taking_images"]
