"""Train skorch's side of the tables, in a process without TensorFlow.

TensorFlow and PyTorch's compiler crash in one process. Jobs come as JSON on standard
input and answers go to standard output.
"""

import json
import sys

import numpy as np
import skorch
import torch
from sklearn.datasets import load_iris
from skorch.callbacks import EarlyStopping
from skorch.dataset import ValidSplit

X, y = load_iris(return_X_y=True)
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)


class Module(torch.nn.Module):
    def __init__(self, units=8):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, units), torch.nn.ReLU(), torch.nn.Linear(units, 3)
        )

    def forward(self, X):
        return self.layers(X)


NAMES = {
    "Module": Module,
    "EarlyStopping": EarlyStopping,
    "ValidSplit": ValidSplit,
    "torch": torch,
}


def make(arguments, frozen, **more):
    settings = {"max_epochs": 1, "train_split": None, "verbose": 0}
    settings |= eval(f"dict({arguments})", NAMES) | more
    if "callbacks" in settings:  # which watch the validation rows that skorch holds out
        settings["train_split"] = ValidSplit(5, stratified=True)
    if frozen:
        settings["lr"] = 0.0
    return skorch.NeuralNetClassifier(
        criterion=torch.nn.CrossEntropyLoss, iterator_train__shuffle=True, **settings
    )


def weights(net):
    return [p.detach().numpy().copy() for p in net.module_.parameters()]


def measure(arguments, frozen=False, **more):
    net = make(arguments, frozen, **more).fit(X, y)
    first = weights(net)
    group = net.optimizer_.param_groups[0]
    measures = {
        "epochs": len(net.history),
        "n_weights": sum(w.size for w in first),
        "updates": len([b for b in net.history[-1]["batches"] if "train_loss" in b]),
        "learning_rate": group["lr"],
        "momentum": group["momentum"],
        "validates": "valid_loss" in net.history[-1],
    }
    second = weights(net.fit(X, y))
    moves = [np.abs(a - b).max() for a, b in zip(first, second, strict=True)]
    return measures | {"moves": float(max(moves))}


def value(expression):
    net = make("module=Module", False).fit(X, y)
    return np.asarray(eval(expression, NAMES | {"net": net, "X": X, "y": y})).tolist()


def main():
    answers = []
    for job in json.load(sys.stdin):
        kind = job.pop("kind")
        answers.append({"measure": measure, "value": value}[kind](**job))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
