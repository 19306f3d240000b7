"""Convolutional networks trained by backpropagation, and the plain network they are held against."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn


def _convolution(inputs: int, maps: int, window: int, padding: int = 0) -> nn.Sequential:
    """A layer of shared filters and its rectification; recorded together, as one layer of cells."""
    filters = nn.Conv2d(inputs, maps, window, padding=padding)
    return nn.Sequential(OrderedDict(filters=filters, relu=nn.ReLU()))


def _dense(inputs: int, units: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict(linear=nn.Linear(inputs, units), relu=nn.ReLU()))


def lenet5_as_taught(classes: int = 10) -> nn.Sequential:
    """LeNet-5 as the lecture decks teach it: 32x32 input, 61,706 parameters.

    The chain conv1 6@28x28, pool1, conv2 16@10x10, pool2, full1 120, full2 84, decision 10.
    Shapes: (B, 1, 32, 32) -> (B, classes), before the softmax.

    Differs from the paper (LeCun et al. 1998, Proc. IEEE 86:2278-2324):
    - the second convolution sees all six maps (the paper's table leaves 60 of 96 connections);
    - maximum pooling without parameters (the paper: a trainable mean), ReLU (a scaled tanh), and a linear
      decision layer (distances to fixed bitmaps). The paper's net has 60,000 trainable parameters.
    """
    return nn.Sequential(
        OrderedDict(
            conv1=_convolution(1, 6, 5),
            pool1=nn.MaxPool2d(2),
            conv2=_convolution(6, 16, 5),
            pool2=nn.MaxPool2d(2),
            flat=nn.Flatten(),
            full1=_dense(16 * 5 * 5, 120),
            full2=_dense(120, 84),
            decision=nn.Linear(84, classes),
        )
    )


def small_convnet(maps: int = 8, size: int = 16, classes: int = 10) -> nn.Sequential:
    """Two 5x5 convolutions pooled by maxima, and the decision: conv1, pool1, conv2, pool2, decision.

    The second convolution has twice the maps of the first. Shapes: (B, 1, size, size) -> (B, classes).
    """
    return nn.Sequential(
        OrderedDict(
            conv1=_convolution(1, maps, 5, padding=2),
            pool1=nn.MaxPool2d(2),
            conv2=_convolution(maps, 2 * maps, 5, padding=2),
            pool2=nn.MaxPool2d(2),
            flat=nn.Flatten(),
            decision=nn.Linear(2 * maps * (size // 4) ** 2, classes),
        )
    )


def mlp(hidden: int, size: int = 16, classes: int = 10) -> nn.Sequential:
    """One hidden layer that sees every pixel: hidden, decision. (B, 1, size, size) -> (B, classes)."""
    return nn.Sequential(
        OrderedDict(flat=nn.Flatten(), hidden=_dense(size**2, hidden), decision=nn.Linear(hidden, classes))
    )


def equal_mlp(convnet: nn.Module, size: int = 16, classes: int = 10) -> nn.Sequential:
    """The mlp() whose hidden units give it, as nearly as one unit can, the parameters of the convnet."""
    return mlp(round((parameter_count(convnet) - classes) / (size**2 + 1 + classes)), size, classes)


def parameter_count(model: nn.Module) -> int:
    """The number of trainable numbers in the model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def layer_sizes(model: nn.Sequential, image: Tensor) -> list[tuple[str, tuple[int, ...], int]]:
    """Name, shape of the answer and parameters of each layer of a chain shown one image (1, C, H, W)."""
    rows, answer = [], image
    with torch.no_grad():
        for name, layer in model.named_children():
            answer = layer(answer)
            rows.append((name, tuple(answer.shape[1:]), parameter_count(layer)))
    return rows
