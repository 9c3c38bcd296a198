"""Model functions that several test modules share; importable by worker processes."""

import keras


def softmax_network(meta, units=8, rate=0.0):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dropout(rate),
            keras.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def linear_network(meta, units=8):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(meta["n_outputs_"]),
        ]
    )


@keras.saving.register_keras_serializable("kerasweep_tests")
class Scaled(keras.layers.Layer):
    """Multiplies by a trained vector."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.scale = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(self.start),
            name="scale",
        )

    def call(self, inputs):
        return inputs * self.scale

    def get_config(self):
        return {**super().get_config(), "start": self.start}


def custom_network(meta, rate=0.5):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            Scaled(0.5),
            keras.layers.Dense(8),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
            keras.layers.Dropout(rate),
            keras.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


@keras.saving.register_keras_serializable("kerasweep_tests")
class Subclassed(keras.Model):
    """A model whose shapes Keras cannot know before it sees data."""

    def __init__(self, n_classes=3, **kwargs):
        super().__init__(**kwargs)
        self.n_classes = n_classes
        self.head = keras.layers.Dense(n_classes, activation="softmax")

    def call(self, inputs):
        return self.head(inputs)

    def get_config(self):
        return {**super().get_config(), "n_classes": self.n_classes}
