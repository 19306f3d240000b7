"""Winner-take-all in many nets at once: seeds and parameters in one batch instead of one after the other.

Each net sees its own stimuli in its own order and is reinforced as WinnerTakeAll would; one presentation of
all nets is one pass, in which the convolutions of the nets are groups of one convolution.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F
from tqdm.auto import tqdm

from neuro.learning.competition import Seeds, patches_at, seeds_of
from neuro.learning.learner import History, refuse_labels, refuse_unfit, s_layers, with_history
from neuro.learning.presentations import Log
from neuro.learning.winner_take_all import WinnerTakeAll, report_winners
from neuro.models.neocognitron import SLayer, learning_thresholds
from neuro.models.s_cells import root
from neuro.stimuli import Stimuli


@torch.no_grad()
def fit_side_by_side(
    rules: Sequence[WinnerTakeAll],
    models: Sequence[nn.Sequential],
    stimuli: Sequence[Stimuli],
    generators: Sequence[torch.Generator],
) -> list[nn.Sequential]:
    """`[rule.fit(model, stimuli, generator), ...]`, to rounding, for nets of one architecture.

    The nets may differ in weights, fixed or learned, and in numbers such as r and alpha; the rules in q; the
    stimuli in all but how many there are and how large. Raises ValueError if anything else differs, and what
    WinnerTakeAll.fit raises.
    """
    _refuse_unequal(rules, models, stimuli, generators)
    trained = [copy.deepcopy(model) for model in models]
    histories: list[History] = [{} for _ in trained]
    names = list(s_layers(trained[0]))
    refuse_unfit(models, stimuli[0])
    for plastic in rules[0].turns(names):
        learning = nn.ModuleList(s_layers(net)[name] for net in trained for name in plastic)
        with learning_thresholds(learning):
            for history, found in zip(
                histories, _present(rules, trained, stimuli, generators, plastic), strict=True
            ):
                history |= found
    for history in histories:
        for name in names:
            report_winners(name, history)
    return [with_history(net, history) for net, history in zip(trained, histories, strict=True)]


@torch.inference_mode()
def _present(
    rules: Sequence[WinnerTakeAll],
    nets: Sequence[nn.Sequential],
    stimuli: Sequence[Stimuli],
    generators: Sequence[torch.Generator],
    plastic: list[str],
) -> list[History]:
    """Show every net every stimulus `presentations` times, reinforcing the plastic layers at each."""
    names = list(s_layers(nets[0]))
    last = list(nets[0]._modules).index(plastic[-1])
    needed = list(nets[0]._modules)[: last + 1]
    chain = {name: _cells([net.get_submodule(name) for net in nets]) for name in needed}
    device = next(nets[0].parameters()).device
    of_rules = {name: [rule.settings(names.index(name)) for rule in rules] for name in plastic}
    qs = {name: torch.tensor([q for q, _ in of_rules[name]], device=device) for name in plastic}
    logs = {name: Log() for name in plastic}
    rounds, number = rules[0].presentations, len(stimuli[0])
    progress = tqdm(total=rounds * number, desc=f"{len(nets)} nets", leave=False, disable=None)
    for _ in range(rounds):
        orders = torch.stack([torch.randperm(number, generator=generator) for generator in generators])
        for part in orders.split(64, dim=1):
            images = torch.stack([own.images[order] for own, order in zip(stimuli, part, strict=True)])
            for shown, answer in zip(part.T, images.to(device).unbind(1), strict=True):
                for name, layers in chain.items():
                    seen, answer = answer, layers(answer)
                    if name in of_rules and isinstance(layers, SCells):
                        seeds = seeds_of(answer, of_rules[name][0][1])
                        layers.reinforce(seen, seeds, qs[name])
                        logs[name].add(shown, seeds, layers.b.mean(1), answer.shape[-1])
            progress.update(part.shape[1])
    progress.close()
    found: list[History] = [{} for _ in nets]
    for name, log in logs.items():
        learned = chain[name]
        assert isinstance(learned, SCells)
        learned.put_back(s_layers(net)[name] for net in nets)
        more = log.histories(name, learned.b.shape[1], rounds, len(nets))
        found = [history | new for history, new in zip(found, more, strict=True)]
    return found


def _cells(layers: Sequence[nn.Module]) -> SCells | Callable[[Tensor], Tensor]:
    plastic = [layer for layer in layers if isinstance(layer, SLayer)]
    return SCells(plastic) if plastic else _fixed_cells(layers)


class SCells:
    """The same S-layer of N nets, each with its own weights and r: SLayer's eqs. 1 to 3 in one convolution.

    Shapes: (N, C, H, W) -> (N, K, H', W'). Raises ValueError if c differs from plane to plane: by eq. 9 it
    does not, and so the squares can be summed over planes before they are weighed.
    """

    def __init__(self, layers: Sequence[SLayer]) -> None:
        _differing(layers[0], layers, may=("r", "r_learning"))
        self.a = torch.stack([layer.a.detach() for layer in layers])
        self.b = torch.stack([layer.b.detach() for layer in layers])
        c = torch.cat([layer.c for layer in layers])
        if not torch.equal(c, c[:, :1].expand_as(c)):
            raise ValueError("nets side by side need c to be a function of place alone, as in eq. 9")
        self._c = c[:, :1].contiguous()
        r = torch.tensor([layer.r for layer in layers], dtype=torch.float64, device=c.device)
        self._r = r.to(c.dtype)[:, None, None, None]
        self._factor = (2 * r / (1 + r)).to(c.dtype)[:, None, None, None]
        self._padding = layers[0].padding

    def __call__(self, seen: Tensor) -> Tensor:
        e = _weighed(seen, self.a, self._padding)
        v = root(_weighed((seen**2).sum(1, keepdim=True), self._c[:, None], self._padding))
        h = self._factor * self.b[:, :, None, None] * v
        # In place from here on: memory is what takes the time.
        return e.add_(1).div_(h.add_(1)).sub_(1).relu_().mul_(self._r)

    def reinforce(self, seen: Tensor, seeds: Seeds, q: Tensor) -> None:
        """Add to each seed cell's plane what it sees, eqs. 7 and 8. Shapes: seen (N, C, H, W), q (N,)."""
        net, plane, place, _ = seeds
        patches = patches_at(seen, self.a.shape[-1], self._padding, net, place)
        # v anew, by the sum that reinforce() takes: rounded otherwise it could decide a tie the other way.
        v = (self._c[net] * patches**2).sum((1, 2, 3)).sqrt()
        number = net * self.b.shape[1] + plane  # no plane twice
        self.a.flatten(0, 1).index_add_(0, number, (q[:, None, None, None] * self._c)[net] * patches)
        self.b.flatten().index_add_(0, number, q[net] / 2 * v)

    def put_back(self, layers: Iterable[SLayer]) -> None:
        """Give every net the weights it has learned here."""
        for layer, a, b in zip(layers, self.a, self.b, strict=True):
            layer.a.data.copy_(a)
            layer.b.data.copy_(b)


def _weighed(seen: Tensor, weights: Tensor, padding: int) -> Tensor:
    """What S-cells receive, of each net by its own weights: a convolution with a group for each net.

    Of a single plane a product with its windows: convolution spends more on the weights, net by net, than on
    so few products. Shapes: seen (N, C, H, W), weights (N, K, C, w, w) -> (N, K, H', W').
    """
    nets, planes, channels, window = weights.shape[:4]
    if channels > 1:
        together = seen.reshape(1, -1, *seen.shape[2:])
        sums = F.conv2d(together, weights.flatten(0, 1), padding=padding, groups=nets)
        return sums.view(nets, planes, *sums.shape[2:])
    windows = F.pad(seen[:, 0], (padding,) * 4).unfold(1, window, 1).unfold(2, window, 1)
    every = windows.permute(0, 3, 4, 1, 2).reshape(nets, window**2, -1)
    return torch.bmm(weights.flatten(2), every).view(nets, planes, *windows.shape[1:3])


def _fixed_cells(layers: Sequence[nn.Module]) -> Callable[[Tensor], Tensor]:
    """The same layer of N nets as one function of N inputs, one for each net: (N, C, H, W) -> (N, K, H', W').

    What the nets have in common is kept once; weights and numbers that differ are stacked.
    """
    first = copy.deepcopy(layers[0])
    entries = [dict(layer.state_dict()) for layer in layers]
    for path, module in first.named_modules():
        others = [layer.get_submodule(path) for layer in layers]
        for key in _differing(module, others):
            delattr(module, key)
            module.register_buffer(key, torch.zeros(()))  # so that functional_call can put in another
            for entry, other in zip(entries, others, strict=True):
                entry[f"{path}.{key}" if path else key] = torch.tensor(getattr(other, key))
    alike = {name for name, value in entries[0].items() if all(torch.equal(value, e[name]) for e in entries)}
    if len(alike) == len(entries[0]):
        return first
    stacks = {name: torch.stack([entry[name] for entry in entries]) for name in entries[0]}
    state = {name: stack[0] if name in alike else stack for name, stack in stacks.items()}
    stacked = {name: None if name in alike else 0 for name in state}

    def one(state: dict[str, Tensor], image: Tensor) -> Tensor:
        answer: Tensor = functional_call(first, state, (image[None],))
        return answer[0]

    def all_nets(images: Tensor) -> Tensor:
        answers: Tensor = vmap(one, in_dims=(stacked, 0))(state, images)
        return answers

    return all_nets


def _differing(module: nn.Module, others: Sequence[nn.Module], may: tuple[str, ...] = ()) -> list[str]:
    """The numbers among a module's attributes that differ between nets; ValueError if other things do."""
    differing = []
    for key, value in vars(module).items():
        values = [vars(other).get(key) for other in others]
        if key.startswith("_") or key in may or all(value == other for other in values):
            continue
        if not all(isinstance(other, float) for other in values) or may:
            raise ValueError(f"nets side by side have one {key}; got {sorted(set(map(repr, values)))}")
        differing.append(key)
    return differing


def _refuse_unequal(
    rules: Sequence[WinnerTakeAll],
    models: Sequence[nn.Sequential],
    stimuli: Sequence[Stimuli],
    generators: Sequence[torch.Generator],
) -> None:
    counts = [len(rules), len(models), len(stimuli), len(generators)]
    if min(counts) == 0 or len(set(counts)) > 1:
        raise ValueError(f"one rule, model, stimuli and generator for each net; got {counts} of them")
    if len({replace(rule, q=(1.0,)) for rule in rules}) > 1:
        raise ValueError("rules side by side may differ in q alone; fit nets with other rules apart")
    for own in stimuli:
        refuse_labels(own, "WinnerTakeAll")
        if own.images.shape != stimuli[0].images.shape:
            shapes = sorted({tuple(each.images.shape) for each in stimuli})
            raise ValueError(f"nets side by side see equally many images of one size; got {shapes}")
    architectures = {
        tuple((name, type(layer).__name__, *_shapes(layer)) for name, layer in model.named_children())
        for model in models
    }
    if len(architectures) > 1:
        raise ValueError(f"nets side by side have one architecture; got {len(architectures)}")


def _shapes(layer: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(value.shape) for value in layer.state_dict().values()]
