"""Both sides of every line of the tables on moving from another package, trained."""

import json
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from kerasweep import KerasClassifier

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
SCIKERAS, WRAPPERS, SKORCH = (
    *("from_scikeras.md", "from_keras_wrappers.md", "from_skorch.md"),
)
X, y = load_iris(return_X_y=True)
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # the other packages warn a lot
    pytest.mark.usefixtures("undo_what_scikeras_leaves_behind"),
]


def network(meta, units=8):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def their_network(X, y, units=8, learning_rate=0.01):
    model = network({"n_features_in_": X.shape[1], "n_classes_": y.shape[1]}, units)
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss="categorical_crossentropy")
    return model


NAMES = {"keras": keras, "network": network, "their_network": their_network}


class Line(NamedTuple):
    page: str
    theirs: str
    ours: str


def lines_of(page, arguments):
    """Read a page's tables: those of arguments, or those of expressions."""
    lines = []
    for text in (DOCS / page).read_text().splitlines():
        cells = re.findall(r"\| `(.*?)` (?=\|)", text)
        if len(cells) == 2 and arguments == bool(re.match("(model|module)=", cells[0])):
            lines.append(Line(page, *cells))
    assert lines, f"{page} has no table"
    return lines


def cases(arguments):
    return [
        pytest.param(line, id=f"{page.removesuffix('.md')}: {line.theirs}")
        for page in (SCIKERAS, WRAPPERS, SKORCH)
        for line in lines_of(page, arguments)
    ]


def make_ours(arguments, frozen=False, **more):
    settings = {"epochs": 1} | eval(f"dict({arguments})", NAMES) | more
    if frozen:
        settings["optimizer__learning_rate"] = 0.0
    return KerasClassifier(**settings)


def make_scikeras(arguments, frozen=False, **more):
    from scikeras.wrappers import KerasClassifier as Plain

    settings = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "adam",
        "verbose": 0,
    }
    settings |= eval(f"dict({arguments})", NAMES) | more
    if frozen:
        settings["optimizer__learning_rate"] = 0.0
    return Plain(**settings)


def make_wrapper(arguments, frozen=False, **more):
    from keras.wrappers import SKLearnClassifier

    settings = eval(f"dict({arguments})", NAMES)
    settings["fit_kwargs"] = {"verbose": 0, **settings.get("fit_kwargs", {}), **more}
    if frozen:
        settings["model_kwargs"] = {"learning_rate": 0.0}
    return SKLearnClassifier(**settings)


def weights(net):
    return [np.array(w) for w in net.model_.get_weights()]


@cache  # the same of ours is on several pages
def measure(make, arguments, frozen=False, **more):
    net = make(arguments, frozen, **more).fit(X, y)
    history = getattr(net.history_, "history", net.history_)
    first, epochs = weights(net), len(history["loss"])
    optimizer = net.model_.optimizer
    measures = {
        "epochs": epochs,
        "n_weights": sum(w.size for w in first),
        "updates": int(optimizer.iterations) // epochs,
        "learning_rate": float(optimizer.learning_rate),
        "momentum": float(getattr(optimizer, "momentum", 0.0)),
        "validates": "val_loss" in history,
    }
    if not frozen:
        return measures
    second = weights(net.fit(X, y))
    moves = [np.abs(a - b).max() for a, b in zip(first, second, strict=True)]
    return measures | {"moves": float(max(moves))}


MAKERS = {SCIKERAS: make_scikeras, WRAPPERS: make_wrapper}

#: What a line's left cell contains; how both sides are then trained; what must be the
#: same, and what it is. Without a step size nothing improves and no weight moves.
MEASURES = [
    (r"patience=1", {"frozen": True}, {"epochs": 2, "validates": True}),
    (r"patience=2", {"frozen": True}, {"epochs": 3, "validates": True}),
    (r"warm_start", {"frozen": True}, {"moves": pytest.approx(0)}),
    (r"epochs.*3", {}, {"epochs": 3}),
    (r"units.*7", {}, {"n_weights": 59}),
    (r"batch_size.*64", {}, {"updates": 3}),
    (r"=0\.5", {}, {"learning_rate": 0.5}),
    (r"momentum=0\.9", {}, {"momentum": pytest.approx(0.9)}),
    # a fifth of 150 rows is held out
    (r"validation_split|train_split", {"batch_size": 8}, {"updates": 15}),
]


def ask_skorch(jobs):
    """Train skorch's side of many lines in another process."""
    # An extra of a gigabyte: skorch is not among the test's requirements.
    if not (find_spec("torch") and find_spec("skorch")):
        pytest.skip("skorch is not installed")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", HERE / "skorch_side.py"],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # callbacks print before it


@pytest.fixture(scope="module")
def skorch_answers():
    lines = [(kind, line) for kind in (True, False) for line in lines_of(SKORCH, kind)]
    jobs = []
    for arguments, line in lines:
        if arguments:
            ((_, how, _),) = [m for m in MEASURES if re.search(m[0], line.theirs)][:1]
            jobs.append({"kind": "measure", "arguments": line.theirs, **how})
        else:
            jobs.append({"kind": "value", "expression": line.theirs})
    answers = ask_skorch(jobs)
    return {line: answer for (_, line), answer in zip(lines, answers, strict=True)}


@pytest.mark.parametrize("line", cases(arguments=True))
def test_arguments(line, request):
    for words, check in COMPARISONS.items():
        if words in line.theirs:
            check(line)
            return
    found = [m for m in MEASURES if re.search(m[0], line.theirs)]
    assert found, f"{line.page}: nothing compares the sides of {line.theirs}"
    _, how, expected = found[0]
    if line.page == SKORCH:
        theirs = request.getfixturevalue("skorch_answers")[line]
    else:
        theirs = measure(MAKERS[line.page], line.theirs, **how)
    ours = measure(make_ours, line.ours, **how)
    assert {key: theirs[key] for key in expected} == expected
    assert {key: ours[key] for key in expected} == expected


def same_optimizer(line):
    for net in (make_scikeras(line.theirs), make_ours(line.ours)):
        assert type(net.fit(X, y).model_.optimizer) is keras.optimizers.Nadam


def same_balance(line):
    """Where rows say nothing, balanced classes get equal shares, not 4 to 1 to 1."""
    nothing, uneven = np.zeros_like(X), np.repeat([0, 1, 2], [100, 25, 25])
    settings = {"epochs": 30, "batch_size": 150, "optimizer": "sgd"}
    settings["optimizer__learning_rate"] = 1.0
    for make, arguments in ((make_scikeras, line.theirs), (make_ours, line.ours)):
        net = make(arguments, **settings).fit(nothing, uneven)
        np.testing.assert_allclose(net.predict_proba(nothing[:2]), 1 / 3, atol=0.02)


def same_network_again(line):
    for make, arguments in ((make_scikeras, line.theirs), (make_ours, line.ours)):
        shares = [make(arguments).fit(X, y).predict_proba(X) for _ in range(2)]
        np.testing.assert_allclose(*shares, atol=1e-5)


COMPARISONS = {
    "Nadam": same_optimizer,
    "class_weight": same_balance,
    "random_state": same_network_again,
}


@pytest.mark.parametrize("line", cases(arguments=False))
def test_attributes_and_methods(line, request):
    if line.page == SKORCH:
        theirs = np.asarray(request.getfixturevalue("skorch_answers")[line])
    else:
        model = "network" if line.page == SCIKERAS else "their_network"
        theirs = value_of(MAKERS[line.page], f"model={model}", line.theirs)
    ours = value_of(make_ours, "model=network", line.ours)
    assert theirs.shape == ours.shape
    if ours.ndim == 0 or "classes_" in line.ours:
        np.testing.assert_array_equal(theirs, ours)
    if "predict(" in line.ours:
        assert {*np.unique(theirs), *np.unique(ours)} <= {*y}
    if "predict_proba" in line.ours:
        np.testing.assert_allclose(theirs.sum(axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(ours.sum(axis=1), 1, atol=1e-4)


@cache
def fitted(make, arguments):
    return make(arguments).fit(X, y)


def value_of(make, arguments, expression):
    net = fitted(make, arguments)
    if "fit" in expression:  # which changes it
        net = make(arguments).fit(X, y)
    return np.asarray(eval(expression, {"net": net, "X": X, "y": y}))


def test_keras_own_wrapper_forgets_the_epochs_in_a_clone():
    """As from_keras_wrappers.md says."""
    theirs = make_wrapper('model=their_network, fit_kwargs={"epochs": 3}')
    ours = make_ours("model=network, epochs=3")
    assert len(clone(theirs).fit(X, y).history_.history["loss"]) == 1
    assert len(clone(ours).fit(X, y).history_["loss"]) == 3
