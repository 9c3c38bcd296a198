"""Networks for encoded tables: one, or an ensemble of them as one model.

A row holds quantities first, then zeros and ones, then codes of categories. All layers
are Keras' own, so that a model loads without this package.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

_CODE_WIDTH = 8
_BIAS_SPREAD, _CODE_SPREAD, _OUTPUT_SHARE = 0.1, 0.3, 0.5


class TabularShape(NamedTuple):
    """What a network for a table looks like.

    Attributes
    ----------
    n_numeric, n_flags : int
        Columns that are quantities, and those of zeros and ones.
    code_sizes : tuple of int
        Codes of each column behind them.
    n_outputs : int
    hidden_layer_sizes : tuple of int
    activation : str
    dropout : float
    numeric_embedding : {"piecewise", "periodic"} or None
    n_frequencies : int
        Bins, or waves, of each quantity.
    embedding_width : int
        Numbers that they become.
    """

    n_numeric: int
    n_flags: int
    code_sizes: tuple[int, ...]
    n_outputs: int
    hidden_layer_sizes: tuple[int, ...]
    activation: str
    dropout: float
    numeric_embedding: str | None
    n_frequencies: int
    embedding_width: int

    @property
    def n_columns(self) -> int:
        """Encoded columns; one of zeros where there is nothing."""
        return max(1, self.n_numeric + self.n_flags + len(self.code_sizes))


def tabular_network(shape: TabularShape) -> Any:
    """Build one network, which gives logits or numbers.

    Parameters
    ----------
    shape : TabularShape

    Returns
    -------
    model : keras.Model
        Built, not compiled, with weights that :func:`draw_weights` is to replace.
    """
    import keras

    rows = keras.Input((shape.n_columns,), name="columns")
    layers = _Layers(None)
    return keras.Model(rows, layers.network(shape, rows), name="table")


def tabular_ensemble(
    shape: TabularShape,
    members: Sequence[dict[str, list[np.ndarray]]],
    *,
    activation: str,
) -> Any:
    """Build the model that averages trained networks.

    Parameters
    ----------
    shape : TabularShape
    members : sequence of dict
        The weights of each network, by the names of its layers.
    activation : {"softmax", "sigmoid", "linear"}
        What becomes of each network's outputs before they are averaged.

    Returns
    -------
    model : keras.Model
        Not compiled. Its layer "members" has outputs of shape (n_samples, n_members,
        n_outputs).
    """
    import keras

    layers = _Layers(len(members))
    rows = keras.Input((shape.n_columns,), name="columns")
    x = layers.network(shape, rows)
    x = keras.layers.Activation(activation, name="members")(x)
    x = keras.layers.GlobalAveragePooling1D(name="average")(x)
    model = keras.Model(rows, x, name="tabular_ensemble")
    for name in members[0]:
        layer = model.get_layer(name)
        stacked = []
        for parts in zip(*(member[name] for member in members), strict=True):
            if isinstance(layer, keras.layers.Embedding):
                stacked.append(np.concatenate(parts, axis=1))
            else:
                stacked.append(np.stack(parts))
        layer.set_weights(stacked)
    return model


class _Layers:
    """Makes the layers of one network, or of several side by side.

    Parameters
    ----------
    n_members : int or None
    """

    def __init__(self, n_members: int | None):
        self._n = n_members

    def network(self, shape: TabularShape, rows: Any) -> Any:
        import keras

        n_columns, n_codes = shape.n_columns, len(shape.code_sizes)
        column = keras.layers.Reshape((n_columns, 1), name="one_by_one")(rows)
        parts = []
        if n_codes < n_columns:
            x = rows
            if n_codes:
                x = keras.layers.Cropping1D((0, n_codes), name="numbers")(column)
                x = keras.layers.Flatten(name="flat_numbers")(x)
            parts.append(self._repeated(x))
        if shape.n_numeric and shape.numeric_embedding is not None:
            parts.append(self._numeric(shape, column))
        for i, size in enumerate(shape.code_sizes):
            before = n_columns - n_codes + i
            crop = (before, n_columns - before - 1)
            x = keras.layers.Cropping1D(crop, name=f"code_{i}")(column)
            x = keras.layers.Flatten(name=f"flat_code_{i}")(x)
            width = _CODE_WIDTH * (self._n or 1)
            x = keras.layers.Embedding(size, width, name=f"category_{i}")(x)
            parts.append(self._flat(x, _CODE_WIDTH, f"flat_category_{i}"))
        x = parts[0]
        if len(parts) > 1:
            x = keras.layers.Concatenate(name="all_columns")(parts)
        for i, units in enumerate(shape.hidden_layer_sizes, start=1):
            x = self._dense(int(units), shape.activation, f"hidden_{i}")(x)
            if shape.dropout > 0:
                x = keras.layers.Dropout(shape.dropout, seed=0, name=f"dropout_{i}")(x)
        return self._dense(shape.n_outputs, "linear", "outputs")(x)

    def _numeric(self, shape: TabularShape, column: Any) -> Any:
        import keras

        n, t = shape.n_numeric, shape.n_frequencies
        rest = shape.n_columns - n
        x = column
        if rest:
            x = keras.layers.Cropping1D((0, rest), name="quantities")(x)
        periodic = shape.numeric_embedding == "periodic"
        m = self._axis
        x = keras.layers.EinsumDense(
            f"bnx,{m}nxt->b{m}nt",
            (*self._shape, n, t),
            bias_axes=f"{m}nt",
            trainable=periodic,
            name="waves" if periodic else "bins",
        )(x)
        if periodic:
            x = keras.ops.cos(x)
        else:
            x = keras.layers.ReLU(max_value=1.0, name="within_bins")(x)
        x = keras.layers.EinsumDense(
            f"b{m}nt,{m}nte->b{m}ne",
            (*self._shape, n, shape.embedding_width),
            bias_axes=f"{m}ne",
            activation=None if periodic else "relu",
            name="quantity_embedding",
        )(x)
        return self._flat(x, n * shape.embedding_width, "flat_quantities")

    @property
    def _axis(self) -> str:
        return "" if self._n is None else "m"

    @property
    def _shape(self) -> tuple[int, ...]:
        return () if self._n is None else (self._n,)

    def _dense(self, units: int, activation: str, name: str) -> Any:
        import keras

        if self._n is None:
            return keras.layers.Dense(units, activation=activation, name=name)
        return keras.layers.EinsumDense(
            "bmi,mio->bmo",
            (self._n, units),
            bias_axes="mo",
            activation=activation,
            name=name,
        )

    def _repeated(self, x: Any) -> Any:
        import keras

        if self._n is None:
            return x
        return keras.layers.RepeatVector(self._n, name="to_each")(x)

    def _flat(self, x: Any, width: int, name: str) -> Any:
        import keras

        return keras.layers.Reshape((*self._shape, width), name=name)(x)


def draw_weights(
    model: Any, shape: TabularShape, X: np.ndarray, seed: int, frequency: float
) -> Iterator[tuple[Any, np.ndarray]]:
    """Draw the initial values of a network's variables.

    Parameters
    ----------
    model : keras.Model
        From :func:`tabular_network`.
    shape : TabularShape
    X : ndarray of shape (n_samples, n_columns)
        Encoded training rows, whose quantiles bound the bins.
    seed : int
    frequency : float
        Standard deviation of the waves' frequencies, in cycles per unit.

    Yields
    ------
    variable : keras.Variable
    value : ndarray
    """
    random = np.random.Generator(np.random.PCG64(seed))
    for layer in model.layers:
        if layer.name == "bins":
            kernel, bias = _bins(X[:, : shape.n_numeric], shape.n_frequencies)
            yield layer.kernel, kernel
            yield layer.bias, bias
        elif layer.name == "waves":
            spread = 2 * np.pi * frequency
            yield layer.kernel, random.normal(0, spread, layer.kernel.shape)
            yield layer.bias, random.uniform(-np.pi, np.pi, layer.bias.shape)
        elif layer.name.startswith("category_"):
            table = layer.embeddings
            yield table, random.normal(0, _CODE_SPREAD, table.shape)
        elif hasattr(layer, "kernel"):
            hidden = layer.name.startswith("hidden_")
            # He's for rectified units; a small start for the outputs.
            gain = np.sqrt(2) if hidden else 1.0
            if layer.name == "outputs":
                gain = _OUTPUT_SHARE
            spread = gain / np.sqrt(layer.kernel.shape[-2])
            yield layer.kernel, random.normal(0, spread, layer.kernel.shape)
            bias = random.normal(0, _BIAS_SPREAD, layer.bias.shape)
            yield layer.bias, bias if hidden else np.zeros(layer.bias.shape)
        elif hasattr(layer, "seed_generator"):
            drawn = int(random.integers(2**31 - 1))
            yield layer.seed_generator.state, np.array([drawn, 0])


def _bins(X: np.ndarray, n_bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Give, for each bin, the line from 0 at its lower edge to 1 at its upper."""
    kernel = np.zeros((X.shape[1], 1, n_bins))
    bias = np.zeros((X.shape[1], n_bins))
    shares = np.linspace(0, 1, n_bins + 1)
    for i, values in enumerate(X.T.astype(np.float64)):
        edges = np.unique(np.quantile(values, shares))
        widths = np.diff(edges)
        kernel[i, 0, : len(widths)] = 1 / widths
        bias[i, : len(widths)] = -edges[:-1] / widths
    return kernel, bias
