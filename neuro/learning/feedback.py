"""Errors passed back through other weights than the forward ones, which no cell could know.

Symbols: x_l what layer l sees, y_l = W_l x_l + b_l what it makes of it, f' the slope of the nonlinearity and
the pooling behind it, e = d loss / d answer. Layer l learns by dW_l = d_l x_l', d_l = d loss / d y_l, where

    backpropagation             d_l = f' * (W_(l+1)' d_(l+1))
    feedback alignment          d_l = f' * (B_(l+1)' d_(l+1))            B random, never changed
    sign-symmetry               d_l = f' * ((M sign W_(l+1))' d_(l+1))   M positive: the signs alone are known
    direct feedback alignment   d_l = f' * (B_(l+1)' e)                  from the answer to every layer

The last layer always learns by the true gradient. A rule changes the way back and nothing else: with z = B x,
y + (z - z held fixed) has the value of y and the slope of z. The model is trained by the descent the rule is
given, to which the generator is left: all rules of one seed are shown the same stimuli in the same order.

Condition of use: chains with a hidden layer, of dense layers, convolutions and the layers of LeCun's nets.
What has no weights, or only a row of them, as batch normalisation has, passes back the true slope; another
layer with weights of more dimensions (GainAndBias among them) is refused.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

import torch
from torch import Tensor, nn
from torch.func import functional_call

from neuro.learning.backpropagation import LOSSES, Backpropagation
from neuro.learning.learner import History, history_of, report_silence, with_history
from neuro.models.counting import layers_of
from neuro.models.feature_maps import FeatureMaps, LocalFields, Subsampling
from neuro.models.fitting import misfits_named
from neuro.stimuli import Stimuli

Weights = Mapping[str, Tensor]  # by the name of a layer

Weighted = nn.Linear | nn.Conv2d | FeatureMaps | LocalFields | Subsampling  # linear in what they see
WATCHED = 128  # stimuli on which the angle of the update is measured
_watching = ContextVar("_watching", default=True)


class FeedbackRule(Protocol):
    """A rule of this family: what is drawn before learning, and answers that have the rule's way back."""

    @property
    def descent(self) -> Backpropagation: ...

    def feedback(self, model: nn.Sequential, images: Tensor, generator: torch.Generator) -> Weights:
        """What is drawn once, for each layer but the first."""
        ...

    def backward_weights(self, model: nn.Sequential, feedback: Weights) -> Weights:
        """What now stands where backpropagation has W, in its shape; of the layers of which one can say."""
        ...

    def answers(self, model: nn.Sequential, feedback: Weights, images: Tensor) -> Tensor:
        """The answers of the model, their slopes those of the rule. Shapes: (B, C, H, W) -> (B, classes)."""
        ...


@dataclass(frozen=True)
class FeedbackAlignment:
    """Each layer passes its error back through fixed random weights (Lillicrap et al. 2016, abstract).

    They are normal, as large (r.m.s.) as the layer's forward weights at the start.
    """

    descent: Backpropagation = field(default_factory=Backpropagation)

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy, with the history of `fitted`."""
        return fitted(self, model, stimuli, generator)

    def feedback(self, model: nn.Sequential, images: Tensor, generator: torch.Generator) -> Weights:
        """B of each layer but the first, in the shape of its W."""
        return {
            name: _drawn(name, layer, layer.weight.shape, generator) for name, layer in fed(model).items()
        }

    def backward_weights(self, model: nn.Sequential, feedback: Weights) -> Weights:
        """B itself."""
        return feedback

    def answers(self, model: nn.Sequential, feedback: Weights, images: Tensor) -> Tensor:
        """The model's answers; every layer passes back B' d."""
        return _passing_through(model, feedback, images)


@dataclass(frozen=True)
class SignSymmetry:
    """Each layer passes its error back through the present signs of its forward weights (Liao et al. 2016).

    `magnitude` "uniform": all of them the r.m.s. of the layer's weights at the start (uSF of the BioTorch
    benchmark); "fixed": half-normal of that r.m.s., drawn once (frSF); "batchwise": drawn anew at every pass
    (brSF), by torch's own generator, which the descent seeds.
    """

    descent: Backpropagation = field(default_factory=Backpropagation)
    magnitude: Literal["uniform", "fixed", "batchwise"] = "uniform"

    def __post_init__(self) -> None:
        if self.magnitude not in ("uniform", "fixed", "batchwise"):
            raise ValueError(f"magnitude 'uniform', 'fixed' or 'batchwise'; got {self.magnitude!r}")

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy, with the history of `fitted`."""
        return fitted(self, model, stimuli, generator)

    def feedback(self, model: nn.Sequential, images: Tensor, generator: torch.Generator) -> Weights:
        """The magnitudes of each layer but the first; if "batchwise" their r.m.s."""
        layers = fed(model).items()
        if self.magnitude == "fixed":
            return {name: _drawn(name, layer, layer.weight.shape, generator).abs() for name, layer in layers}
        return {name: torch.full_like(layer.weight.detach(), _size(name, layer)) for name, layer in layers}

    def backward_weights(self, model: nn.Sequential, feedback: Weights) -> Weights:
        """M sign W."""
        signs = {name: layer.weight.detach().sign() for name, layer in fed(model).items()}
        if self.magnitude == "batchwise":
            return {
                name: sign * feedback[name] * torch.randn_like(sign).abs() for name, sign in signs.items()
            }
        return {name: sign * feedback[name] for name, sign in signs.items()}

    def answers(self, model: nn.Sequential, feedback: Weights, images: Tensor) -> Tensor:
        """The model's answers; every layer passes back (M sign W)' d."""
        return _passing_through(model, self.backward_weights(model, feedback), images)


@dataclass(frozen=True)
class DirectFeedbackAlignment:
    """The error of the answer goes to every hidden layer through fixed random weights (Nokland 2016).

    It arrives where the next layer looks, behind the nonlinearity and the pooling. The weights are normal, as
    large (r.m.s.) as the forward weights of that next layer at the start.
    """

    descent: Backpropagation = field(default_factory=Backpropagation)

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy, with the history of `fitted`."""
        return fitted(self, model, stimuli, generator)

    def feedback(self, model: nn.Sequential, images: Tensor, generator: torch.Generator) -> Weights:
        """B of each layer but the first. Shapes: (classes, cells the layer sees)."""
        seen, answer = {}, images[:1]
        with torch.no_grad():
            for name, layer in layers_of(model):
                seen[name] = answer[0].numel()
                answer = layer(answer)
        classes = answer[0].numel()
        return {
            name: _drawn(name, layer, (classes, seen[name]), generator) for name, layer in fed(model).items()
        }

    def backward_weights(self, model: nn.Sequential, feedback: Weights) -> Weights:
        """B of the last layer, if it is a dense one that gives the answer: only there has W the shape."""
        name, last = layers_of(model)[-1]
        return {name: feedback[name]} if isinstance(last, nn.Linear) else {}

    def answers(self, model: nn.Sequential, feedback: Weights, images: Tensor) -> Tensor:
        """The model's answers; what layer l + 1 sees gets the slope B_(l+1)' e."""
        answer, direct = images, []
        for name, layer in layers_of(model):
            if name in feedback:
                direct.append(answer.flatten(1) @ feedback[name].T)
                answer = answer.detach()
            answer = layer(answer)
        return answer + _slope_of(torch.stack(direct).sum(0)).view_as(answer)


@dataclass(frozen=True)
class LastLayerOnly:
    """The control: only the last layer with weights learns; the weights below stay as they were at random.

    The means and variances that batch normalisation keeps are no weights, and follow what is shown.
    """

    descent: Backpropagation = field(default_factory=Backpropagation)

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy, with the history of the descent; raises as `fitted`."""
        *_, last = fed(model)
        held = copy.deepcopy(model)
        for name, parameter in held.named_parameters():
            parameter.requires_grad_(parameter.requires_grad and name.rpartition(".")[0] == last)
        trained = self.descent.fit(held, stimuli, generator)
        for parameter, own in zip(trained.parameters(), model.parameters(), strict=True):
            parameter.requires_grad_(own.requires_grad)
        return trained


def fitted(
    rule: FeedbackRule, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator
) -> nn.Sequential:
    """A copy of the model trained by the rule; its history is that of the descent and the angles, in degrees.

        feedback angle, <layer>    between W and what the error passes through
        update angle, <layer>      between the rule's and the true gradient of W

    before every epoch and, last, of the weights kept; 90 is unrelated. The update's is measured on up to 128
    of the stimuli, evenly spaced. Raises what the descent raises; ValueError for a model without a hidden
    layer, a layer that starts at zero, no stimuli, or images that a layer, which is named, cannot take;
    TypeError for a layer whose way back is not written.
    """
    if len(stimuli) == 0:
        raise ValueError(f"{type(rule).__name__} was given no stimuli")
    net = copy.deepcopy(model)
    device = next(iter(fed(net).values())).weight.device
    shown = stimuli[:: -(-len(stimuli) // WATCHED)]
    images, labels = shown.images.to(device), shown.labels.to(device)
    with misfits_named(net, images.shape[1:]):  # the descent would name the layers of the chain it is given
        chain = _FedBack(rule, net, drawn_feedback(rule, net, images, generator), images, labels)
        trained = rule.descent.fit(nn.Sequential(chain), stimuli, generator)
    learned = trained.get_submodule("0")
    assert isinstance(learned, _FedBack)
    learned.watch()
    report_silence(learned.net, images)
    return with_history(learned.net, history_of(trained) | learned.course)


@contextmanager
def unwatched() -> Iterator[None]:
    """Within it no angles are noted: for what counts or times the learning alone."""
    before = _watching.set(False)
    try:
        yield
    finally:
        _watching.reset(before)


def drawn_feedback(
    rule: FeedbackRule, model: nn.Sequential, images: Tensor, generator: torch.Generator
) -> Weights:
    """What a training from this state of the generator draws as feedback; the generator is left as it was."""
    drawn = torch.Generator()
    drawn.set_state(generator.get_state())
    # By a seed of its own: not the very numbers that the order, or the weights of this seed, are made of.
    drawn.manual_seed(int(torch.randint(2**62, (1,), generator=drawn)))
    return rule.feedback(model, images, drawn)


def feedback_angles(rule: FeedbackRule, model: nn.Sequential, feedback: Weights) -> dict[str, float]:
    """The angle between the weights of each layer and what its error passes through, in degrees."""
    layers = fed(model)
    backward = rule.backward_weights(model, feedback)
    return {name: angle(layers[name].weight.detach(), weights) for name, weights in backward.items()}


def update_angles(
    rule: FeedbackRule, model: nn.Sequential, feedback: Weights, images: Tensor, labels: Tensor
) -> dict[str, float]:
    """The angle between the rule's and the true gradient of each layer's weights, in degrees.

    Shapes: (B, C, H, W), (B,). NaN where one of them is zero. The last layer's is 0.
    """
    loss_of, layers = LOSSES[rule.descent.loss], weighted(model)
    weights = [layer.weight for layer in layers.values() if layer.weight.requires_grad]
    names = [name for name, layer in layers.items() if layer.weight.requires_grad]
    with torch.enable_grad():
        own = torch.autograd.grad(loss_of(rule.answers(model, feedback, images), labels), weights)
        true = torch.autograd.grad(loss_of(model(images), labels), weights)
    return {name: angle(one, other) for name, one, other in zip(names, own, true, strict=True)}


def angle(one: Tensor, other: Tensor) -> float:
    """The angle between two arrays of numbers, as vectors, in degrees; NaN if one is zero.

    2 arctan(|u - v| / |u + v|),   u, v of length one: exact also where they are nearly parallel
    """
    u, v = (each.detach().double().flatten() / each.detach().double().norm() for each in (one, other))
    return math.degrees(2 * math.atan2(float((u - v).norm()), float((u + v).norm())))


def weighted(model: nn.Sequential) -> dict[str, Weighted]:
    """The layers of a chain that have weights, in order; TypeError for one whose way back is not written."""
    layers: dict[str, Weighted] = {}
    for name, layer in layers_of(model):
        if isinstance(layer, Weighted):
            layers[name] = layer
        elif any(parameter.ndim > 1 for parameter in layer.parameters()):
            kinds = ", ".join(kind.__name__ for kind in get_args(Weighted))
            raise TypeError(
                f"{name}: no way back through a {type(layer).__name__} but its own; there are {kinds}"
            )
    return layers


def fed(model: nn.Sequential) -> dict[str, Weighted]:
    """The layers through which an error is passed back: all with weights but the first."""
    layers = weighted(model)
    if len(layers) < 2:
        raise ValueError(
            f"no error is passed back in a model without a hidden layer; with weights it has "
            f"{', '.join(layers) or 'none'}"
        )
    return dict(list(layers.items())[1:])


class _FedBack(nn.Module):
    """The model while a rule trains it: the same answers, another way back; and the course of its angles."""

    def __init__(
        self, rule: FeedbackRule, net: nn.Sequential, feedback: Weights, images: Tensor, labels: Tensor
    ) -> None:
        super().__init__()
        self.rule, self.net, self.drawn = rule, net, feedback
        self.shown = images, labels
        self.course: History = {}

    def forward(self, images: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            return self.rule.answers(self.net, self.drawn, images)
        answer: Tensor = self.net(images)
        return answer

    def train(self, mode: bool = True) -> _FedBack:
        """As every module's; the descent calls it as an epoch begins, and that is when angles are noted."""
        super().train(mode)
        if mode:
            self.watch()
        return self

    def watch(self) -> None:
        """Note the angles of this moment, and leave everything as it was."""
        if not _watching.get():
            return
        training = self.net.training
        self.net.eval()
        device = self.shown[0].device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            found = {"feedback": feedback_angles(self.rule, self.net, self.drawn)}
            found["update"] = update_angles(self.rule, self.net, self.drawn, *self.shown)
        self.net.train(training)
        for what, of_layers in found.items():
            for name, degrees in of_layers.items():
                self.course.setdefault(f"{what} angle, {name}", []).append(degrees)


def _passing_through(model: nn.Sequential, weights: Weights, images: Tensor) -> Tensor:
    """The answers of the model; the layers named pass back through these weights instead of their own."""
    answer = images
    for name, layer in layers_of(model):
        if name in weights:
            held = {key: parameter.detach() for key, parameter in layer.named_parameters()}
            other = functional_call(layer, held | {"weight": weights[name]}, (answer,))
            answer = layer(answer.detach()) + _slope_of(other)
        else:
            answer = layer(answer)
    return answer


def _slope_of(z: Tensor) -> Tensor:
    """Zero, with the slope of z."""
    return z - z.detach()


def _size(name: str, layer: Weighted) -> float:
    """The r.m.s. of a layer's weights."""
    size = float(layer.weight.detach().square().mean().sqrt())
    if size == 0:
        raise ValueError(f"{name} starts with weights of zero, which tell no size of its feedback; draw some")
    return size


def _drawn(name: str, layer: Weighted, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Normal weights of the size of the layer's, on its device."""
    like = layer.weight.detach()
    return torch.randn(shape, generator=generator).to(like) * _size(name, layer)
