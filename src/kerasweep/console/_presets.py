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
