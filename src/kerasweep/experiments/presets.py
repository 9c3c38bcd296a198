"""Settings of the experiments' networks that have a name."""

from typing import Any

_REPORTED_TRAINING: dict[str, Any] = {
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "batch_size": 64,
    "epochs": 10,
}

#: Parameters of `ConvClassifier` by name. The first three networks are those of the
#: course reports, which state the training of the first alone; "strong" was chosen on
#: validation rows.
CONV_PRESETS: dict[str, dict[str, Any]] = {
    "reported": {"filters": (32, 64), "dense": (64,), **_REPORTED_TRAINING},
    "wide_kernel": {
        "filters": (32, 64),
        "kernel_size": (3, 5),
        "dense": (128,),
        **_REPORTED_TRAINING,
    },
    "dropout": {
        "filters": (32, 32),
        "pool_size": (2, 1),
        "conv_dropout": 0.5,
        "dense": (128,),
        **_REPORTED_TRAINING,
    },
    "strong": {
        "filters": (32, 64),
        "kernel_size": 5,
        "dense": (128,),
        "dropout": 0.4,
        "batch_normalization": True,
        "max_shift": 0.08,
        "max_rotation": 12.0,
        "optimizer": "adam",
        "learning_rate": 0.003,
        "learning_rate_schedule": "one_cycle",
        "batch_size": 128,
        "epochs": 15,
    },
}

#: What the L2 sweep compares, and how its networks are trained. "reported" is the
#: course reports' protocol; "strong" keeps weight decay as the only regularizer, and
#: was chosen on validation rows.
SWEEP_PRESETS: dict[str, dict[str, Any]] = {
    "reported": {
        "factors": (1e-6, 1e-5, 1e-4, 5e-4, 1e-3),
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "learning_rate_schedule": "constant",
        "momentum": 0.0,
        "epochs": 40,
    },
    "strong": {
        "factors": (1e-5, 5e-5, 1e-4, 2e-4, 5e-4),
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "learning_rate_schedule": "cosine",
        "momentum": 0.9,
        "epochs": 60,
    },
}

#: Parameters of `DenseClassifier` by name. "reported" is a course report's network;
#: "strong" is wider and trained longer, with dropout of the inputs too, a bound on each
#: unit's weights (Srivastava et al., 2014), batch normalization and a falling rate. It
#: was chosen on validation rows.
REGULARIZED_PRESETS: dict[str, dict[str, Any]] = {
    "reported": {
        "hidden_layer_sizes": (1024, 512),
        "l1": 1e-6,
        "l2": 1e-4,
        "max_norm": 0.5,
        "input_dropout": 0.0,
        "dropout": (0.6, 0.5),
        "optimizer": "adam",
        "learning_rate": 2.5e-4,
        "batch_size": 512,
        "epochs": 50,
        "early_stopping": True,
        "patience": 5,
        "min_delta": 1e-4,
    },
    "strong": {
        "hidden_layer_sizes": (1200, 1200),
        "l1": 0.0,
        "l2": 0.0,
        "max_norm": 3.0,
        "input_dropout": 0.2,
        "dropout": (0.5,),
        "batch_normalization": True,
        "optimizer": "adam",
        "learning_rate": 0.002,
        "learning_rate_schedule": "cosine",
        "batch_size": 128,
        "epochs": 100,
    },
}

#: What switches every regularizer of `DenseClassifier` off.
NO_REGULARIZER: dict[str, Any] = {
    "l1": 0.0,
    "l2": 0.0,
    "max_norm": None,
    "input_dropout": 0.0,
    "dropout": 0.0,
    "early_stopping": False,
}

#: Strengths that each regularizer is tried with alone.
REGULARIZER_STRENGTHS: dict[str, tuple[float, ...]] = {
    "l1": (0.0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3),
    "l2": (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2),
    "dropout": (0.0, 0.05, 0.1, 0.2, 0.4, 0.6),
}
