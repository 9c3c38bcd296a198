"""The PyTorch networks and the loop that the benchmarks compare with."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn


class Dense(nn.Sequential):
    """A multilayer perceptron.

    Parameters
    ----------
    sizes : sequence of int
        Features, units of each hidden layer, classes.
    seed : int
        Draws the initial weights.
    """

    def __init__(self, sizes: Sequence[int], seed: int = 0):
        torch.manual_seed(seed)
        *hidden, last = itertools.pairwise(sizes)
        layers = [layer for a, b in hidden for layer in (nn.Linear(a, b), nn.ReLU())]
        super().__init__(*layers, nn.Linear(*last))


def convolutional() -> nn.Module:
    """Build conv32-pool-conv64-pool-dense64 for rows of 784 pixels."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1600, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def fit(
    model: nn.Module,
    optimizer: Any,
    x: np.ndarray,
    y: np.ndarray,
    epochs: int,
    batch: int,
) -> float:
    """Train by a plain loop, and return the accuracy over the last epoch's batches.

    All rows lie on the network's device, and no update waits for its accuracy.
    """
    device = next(model.parameters()).device
    rows = torch.from_numpy(x).to(device)
    labels = torch.from_numpy(y.astype("int64")).to(device)
    loss_of = nn.CrossEntropyLoss()
    for _ in range(epochs):
        right = torch.zeros((), dtype=torch.int64, device=device)
        for index in torch.randperm(len(rows), device=device).split(batch):
            optimizer.zero_grad()
            output = model(rows[index])
            loss_of(output, labels[index]).backward()
            optimizer.step()
            right += (output.argmax(1) == labels[index]).sum()
    return int(right) / len(rows)


def score(model: nn.Module, x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows whose class is recognized."""
    with torch.no_grad():
        return float((model(torch.from_numpy(x)).argmax(1).numpy() == y).mean())
