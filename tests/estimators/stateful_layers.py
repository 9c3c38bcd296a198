"""Networks of every built-in layer that an estimator's network can hold, by name."""

import keras
import numpy as np

layers, ops = keras.layers, keras.ops
rng = np.random.default_rng(0)
X = (1000 * rng.uniform(size=(30, 16)) + 50_000).astype("float32")
y = np.arange(30) % 3
SMALL = X / 1000 - 50  # in [0, 1)
FLAT, SEQUENCE, IMAGE, FILM = (16,), (8, 2), (4, 4, 1), (2, 2, 4, 1)
FRAMES, FRAME_SEQUENCE = (2, 4, 2), (4, 2, 2, 1)


def adapted(layer, shape=FLAT):
    layer.adapt(X.reshape(-1, *shape))
    return layer


def doubled(x):
    return 2 * x


def inner():
    return keras.Sequential(
        [keras.Input(FLAT), adapted(layers.Normalization()), layers.Dense(3)]
    )


def inner_functional():
    given = keras.Input(FLAT)
    normal = adapted(layers.Normalization())(given)
    return keras.Model(given, layers.Add()([normal, layers.Dense(16)(normal)]))


def attending(layer):
    return lambda x: layer(x, x) if "Multi" in type(layer).__name__ else layer([x, x])


def grouped(x):
    x = layers.Reshape((8, 2))(x)
    return layers.GroupQueryAttention(2, 2, 1)(x, x)


def integers(layer, by=1000):
    """Let a layer for integers have them."""
    return lambda x: layer(ops.cast(x // by, "int32"))


def looked_up(**settings):
    layer = layers.IntegerLookup(**settings)
    layer.adapt(np.repeat(np.arange(50_000, 50_040, 2), 3))
    return layer


def flat(layer):
    return FLAT, layer


#: What keeps or derives something beside its variables.
STATEFUL = {
    "Normalization": lambda: flat(adapted(layers.Normalization())),
    "Normalization, one mean": lambda: flat(adapted(layers.Normalization(axis=None))),
    "Normalization, inverted": lambda: flat(adapted(layers.Normalization(invert=True))),
    "Normalization, given": lambda: flat(
        layers.Normalization(mean=X.mean(0), variance=X.var(0))
    ),
    "Normalization of images": lambda: (IMAGE, adapted(layers.Normalization(), IMAGE)),
    "Normalization in a network": lambda: flat(inner()),
    "Normalization in a graph": lambda: flat(inner_functional()),
    "Normalization over time": lambda: (
        SEQUENCE,
        layers.TimeDistributed(adapted(layers.Normalization(), (2,))),
    ),
    "Discretization": lambda: flat(adapted(layers.Discretization(num_bins=7))),
    "Discretization, multi-hot": lambda: flat(
        adapted(layers.Discretization(num_bins=7, output_mode="multi_hot"))
    ),
    "IntegerLookup": lambda: flat(integers(looked_up(output_mode="multi_hot"), by=1)),
    "IntegerLookup, tf_idf": lambda: flat(
        integers(looked_up(output_mode="tf_idf"), by=1)
    ),
    "SpectralNormalization": lambda: flat(
        layers.SpectralNormalization(layers.Dense(4))
    ),
    "Rescaling": lambda: flat(layers.Rescaling(X.std(0), offset=-X.mean(0))),
    "BatchNormalization": lambda: flat(layers.BatchNormalization()),
    "Lambda": lambda: flat(layers.Lambda(doubled)),
    "Lambda of a lambda": lambda: flat(layers.Lambda(lambda x, by=3: by * x)),
}
_ONE_D = {"kernel_size": 3, "padding": "same"}
#: All others, which are known by their configuration and variables.
OTHERS = {
    **{
        name: lambda name=name, a=a: flat(getattr(layers, name)(**a))
        for name, a in {
            "Dense": {"units": 4},
            "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 5},
            "PReLU": {},
            "ELU": {},
            "LeakyReLU": {"negative_slope": 0.3},
            "ReLU": {"max_value": 2.0},
            "Softmax": {},
            "Activation": {"activation": "tanh"},
            "LayerNormalization": {},
            "GroupNormalization": {"groups": 4},
            "RMSNormalization": {},
            "UnitNormalization": {},
            "Dropout": {"rate": 0.5},
            "AlphaDropout": {"rate": 0.5},
            "GaussianDropout": {"rate": 0.5},
            "GaussianNoise": {"stddev": 0.5},
            "ActivityRegularization": {"l2": 0.1},
            "Identity": {},
            "RepeatVector": {"n": 2},
            "MelSpectrogram": {
                **{"num_mel_bins": 4, "fft_length": 8, "sequence_length": 8},
                **{"sequence_stride": 4, "sampling_rate": 100, "max_freq": 50},
            },
        }.items()
    },
    "STFTSpectrogram": lambda: (
        (16, 1),
        layers.STFTSpectrogram(frame_length=8, frame_step=4, fft_length=8),
    ),
    "Embedding": lambda: flat(integers(layers.Embedding(60, 3))),
    "CategoryEncoding": lambda: flat(integers(layers.CategoryEncoding(60))),
    "Hashing": lambda: flat(integers(layers.Hashing(5, output_mode="multi_hot"), 1)),
    **{
        name: lambda name=name, a=a: (SEQUENCE, getattr(layers, name)(**a))
        for name, a in {
            "LSTM": {"units": 3, "recurrent_dropout": 0.2},
            "GRU": {"units": 3},
            "SimpleRNN": {"units": 3},
            "Conv1D": {"filters": 3, **_ONE_D},
            "Conv1DTranspose": {"filters": 3, **_ONE_D},
            "SeparableConv1D": {"filters": 3, **_ONE_D},
            "DepthwiseConv1D": _ONE_D,
            "SpatialDropout1D": {"rate": 0.3},
            "AveragePooling1D": {"pool_size": 2},
            "MaxPooling1D": {},
            "GlobalAveragePooling1D": {},
            "Cropping1D": {},
            "UpSampling1D": {},
            "ZeroPadding1D": {},
            "Permute": {"dims": (2, 1)},
        }.items()
    },
    "Masking": lambda: (
        SEQUENCE,
        lambda x: layers.LSTM(3)(layers.Masking(50_500.0)(x)),
    ),
    "Bidirectional": lambda: (SEQUENCE, layers.Bidirectional(layers.LSTM(3))),
    "TimeDistributed": lambda: (SEQUENCE, layers.TimeDistributed(layers.Dense(3))),
    "RNN": lambda: (
        SEQUENCE,
        layers.RNN(layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(2)])),
    ),
    "ConvLSTM1D": lambda: (FRAMES, layers.ConvLSTM1D(2, 2)),
    "ConvLSTM2D": lambda: (FRAME_SEQUENCE, layers.ConvLSTM2D(2, 2)),
    "MultiHeadAttention": lambda: (
        SEQUENCE,
        attending(layers.MultiHeadAttention(2, 2)),
    ),
    "Attention": lambda: (SEQUENCE, attending(layers.Attention(use_scale=True))),
    "AdditiveAttention": lambda: (SEQUENCE, attending(layers.AdditiveAttention())),
    "GroupQueryAttention": lambda: flat(grouped),
    **{
        name: lambda name=name, a=a: (IMAGE, getattr(layers, name)(**a))
        for name, a in {
            "Conv2D": {"filters": 3, "kernel_size": 2},
            "Conv2DTranspose": {"filters": 3, "kernel_size": 2},
            "SeparableConv2D": {"filters": 3, "kernel_size": 2},
            "DepthwiseConv2D": {"kernel_size": 2},
            "SpatialDropout2D": {"rate": 0.3},
            "GlobalMaxPooling2D": {},
            "AdaptiveAveragePooling2D": {"output_size": 2},
            "Resizing": {"height": 3, "width": 3},
            "CenterCrop": {"height": 2, "width": 2},
            "RandomBrightness": {"factor": 0.2},
            "RandomContrast": {"factor": 0.2},
            "RandomErasing": {},
            "RandomFlip": {},
            "RandomGaussianBlur": {"factor": 0.1},
            "RandomInvert": {},
            "RandomPerspective": {},
            "RandomRotation": {"factor": 0.1},
            "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
            "RandomZoom": {"height_factor": 0.1},
        }.items()
    },
    "Conv3D": lambda: (FILM, layers.Conv3D(2, 2)),
    "Conv3DTranspose": lambda: (FILM, layers.Conv3DTranspose(2, 2)),
}
LAYERS = {**STATEFUL, **OTHERS}


def network_with(name):
    """Return a compiled network that a layer is in."""
    keras.utils.set_random_seed(1)
    shape, layer = LAYERS[name]()
    rows = keras.Input(FLAT)
    x = layers.Flatten()(layer(layers.Reshape(shape)(rows)))
    model = keras.Model(rows, layers.Dense(3, "softmax")(layers.Rescaling(0.01)(x)))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model
