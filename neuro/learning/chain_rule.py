"""The backward pass written out, layer by layer, without automatic differentiation.

Symbols: x what a layer sees, y what it answers, dy = d loss / d y, dx = d loss / d x; w weights, b biases. A
window at place p of the output sees the cells p + v of the input, v counted within the window.

    dense          y = w x + b            dx = w' dy             dw = sum over images of dy x'
    convolution    y_p = sum w_v x_(p+v)  dx_q = sum w_v dy_p over all p + v = q
                                          dw_v = sum dy_p x_(p+v) over all places p: the weight is shared
    maximum        y_p = max x_(p+v)      dx_q = sum of dy_p over the windows whose largest cell is q
    mean           y_p = mean x_(p+v)     dx_q = sum of dy_p / cells of a window, over the windows that see q
    ReLU           y = max(0, x)          dx = dy where x > 0, else 0

Stride, dilation and padding only say which q a window at p sees: `unfold` gathers them and `fold`, its
transpose, sums back to where they came from. So what lies in the padding gets a gradient that is dropped.
Source: LeCun et al. 1998 in words; Goodfellow, Bengio & Courville 2016, chapter 9 (reported).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.models.counting import layers_of
from neuro.models.fitting import misfits_named

Gradients = dict[str, Tensor]
Windows = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d


@torch.no_grad()
def gradients_by_hand(model: nn.Sequential, images: Tensor, labels: Tensor) -> Gradients:
    """The gradient of the mean cross-entropy with respect to each parameter of a chain, and to the `images`.

    Shapes: (B, C, H, W), (B,) -> name -> the shape of the parameter. Raises TypeError for a layer of which
    the backward pass is not written out here; ValueError for images that do not fit, naming the layer.
    """
    steps, answer = [], images
    with misfits_named(model, images.shape[1:]):
        for name, layer in layers_of(model):
            steps.append((name, layer, answer))
            answer = layer(answer)
    target = F.one_hot(labels, answer.shape[1])
    passed = (answer.softmax(1) - target) / len(images)  # of the cross-entropy behind its softmax
    gradients: Gradients = {}
    for name, layer, seen in reversed(steps):
        passed, own = backward(layer, seen, passed)
        gradients |= {f"{name}.{parameter}": value for parameter, value in own.items()}
    return gradients | {"images": passed}


@torch.no_grad()
def backward(layer: nn.Module, x: Tensor, dy: Tensor) -> tuple[Tensor, Gradients]:
    """dx, and the gradient of each parameter, of one layer that saw x.

    Shapes: x (B, C, H, W) or (B, n), dy that of the answer -> dx that of x. Raises TypeError for a layer
    that is not written out: convolutions of one group and zero padding, maxima, means, ReLU, dense layers.
    """
    match layer:
        case nn.Conv2d(groups=1, padding_mode="zeros"):
            return _convolution(layer, x, dy)
        case nn.MaxPool2d(ceil_mode=False):
            return _maximum(layer, x, dy), {}
        case nn.AvgPool2d(ceil_mode=False, count_include_pad=True, divisor_override=None):
            return _mean(layer, x, dy), {}
        case nn.ReLU():
            return torch.where(x > 0, dy, 0.0), {}
        case nn.Flatten():
            return dy.reshape(x.shape), {}
        case nn.Linear():
            return dy @ layer.weight, _own(layer, dy.T @ x, dy.sum(0))
    written = "Conv2d of one group and zero padding, MaxPool2d, AvgPool2d, ReLU, Flatten, Linear"
    raise TypeError(f"the backward pass of {layer} is not written out; there are {written}")


def contributions(layer: nn.Conv2d, x: Tensor, dy: Tensor) -> Tensor:
    """What each place adds to the gradient of each weight; the shared weight gets the sum over places.

        dy_p x_(p+v)   summed over images

    Shapes: (K, C k k, places).
    """
    added: Tensor = torch.einsum("bkp,bvp->kvp", dy.flatten(2), F.unfold(x, **_geometry(layer)))
    return added


def _convolution(layer: nn.Conv2d, x: Tensor, dy: Tensor) -> tuple[Tensor, Gradients]:
    seen, passed = F.unfold(x, **_geometry(layer)), dy.flatten(2)
    dw = torch.einsum("bkp,bvp->kv", passed, seen)
    dseen = torch.einsum("kv,bkp->bvp", layer.weight.flatten(1), passed)
    dx: Tensor = F.fold(dseen, x.shape[-2:], **_geometry(layer))
    return dx, _own(layer, dw.reshape(layer.weight.shape), dy.sum((0, 2, 3)))


def _maximum(layer: nn.MaxPool2d, x: Tensor, dy: Tensor) -> Tensor:
    """The largest cell of each window gets all; of equal ones, the first."""
    cells = _cells(layer, x, rim=-torch.inf)
    largest = F.one_hot(cells.argmax(2), cells.shape[2]).movedim(-1, 2)
    return _back(layer, largest * dy.flatten(2)[:, :, None], x)


def _mean(layer: nn.AvgPool2d, x: Tensor, dy: Tensor) -> Tensor:
    """Every cell of a window gets an equal share."""
    cells = _cells(layer, x, rim=0.0)
    return _back(layer, (dy.flatten(2)[:, :, None] / cells.shape[2]).expand(cells.shape), x)


def _cells(layer: nn.MaxPool2d | nn.AvgPool2d, x: Tensor, rim: float) -> Tensor:
    """The cells of each window, `rim` beyond the border. Shapes: (B, C, H, W) -> (B, C, k k, places)."""
    inside = F.unfold(torch.ones_like(x), **_geometry(layer)) > 0
    seen = torch.where(inside, F.unfold(x, **_geometry(layer)), rim)
    cells: Tensor = seen.unflatten(1, (x.shape[1], -1))
    return cells


def _back(layer: nn.MaxPool2d | nn.AvgPool2d, cells: Tensor, x: Tensor) -> Tensor:
    """The cells of all windows summed where they came from. Shapes: (B, C, k k, places) -> (B, C, H, W)."""
    passed: Tensor = F.fold(cells.flatten(1, 2), x.shape[-2:], **_geometry(layer))
    return passed


def _geometry(layer: Windows) -> dict[str, Any]:
    names = ("kernel_size", "stride", "padding", "dilation")
    return {name: getattr(layer, name) for name in names if hasattr(layer, name)}


def _own(layer: nn.Conv2d | nn.Linear, weight: Tensor, bias: Tensor) -> Gradients:
    return {"weight": weight} | ({} if layer.bias is None else {"bias": bias})
