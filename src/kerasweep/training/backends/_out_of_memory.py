"""Errors that mean that memory was too small. Light: imports no Keras."""


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether Python, NumPy, TensorFlow or JAX found no memory.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    is_out_of_memory : bool

    Examples
    --------
    >>> from kerasweep.training import is_out_of_memory
    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("OOM"))
    (True, False)
    """
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"  # TensorFlow's
        or str(error).startswith("RESOURCE_EXHAUSTED")  # JAX'
    )
