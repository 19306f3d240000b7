"""Rules by which the units of a layer compete for every patch, for LayerByLayer.

x inputs (B, N), w weights (K, N), u = x w^T outputs (B, K), the weighted sums; < > the mean over the patches
of a batch, won or not: a unit that wins one patch in K moves by 1 / K of the learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from neuro.learning.hebbian import correlation, held, seen_by_winners, strongest


def shares_won(winner: Tensor, weights: Tensor) -> Tensor:
    """The share of the patches that each unit won. Shapes: winner (B,), weights (K, N) -> (K,)."""
    return winner.bincount(minlength=len(weights)).to(weights.dtype) / len(winner)


def to_the_patches(winner: Tensor, inputs: Tensor, weights: Tensor) -> Tensor:
    """< won (x - w) >, won 1 for the winner. Shapes: winner (B,), inputs (B, N), weights (K, N) -> (K, N)."""
    seen = seen_by_winners(winner, inputs.new_ones(len(winner)), inputs, len(weights))
    return seen.addcmul_(shares_won(winner, weights)[:, None], weights, value=-1)


@dataclass(frozen=True)
class HardCompetitive:
    """The nearest unit moves to the patch; a unit that wins too often hesitates.

        winner = argmin of |x - w_k|^2 - b_k,   b_k = conscience (1 / K - p_k)
        delta w(winner) = x - w,   p <- p + memory (won - p)

    (DeSieno 1988, ICNN I:117-124: conscience 10, memory 0.0001, all reported.) p_k is how often unit k won
    of late, and begins at 1 / K. Conscience 0 is plain competitive learning, where units that are far from
    all patches never win. Within a batch all patches meet the same b; p then moves as by as many single ones.
    Condition of use: conscience / K above the squared distance from the patches at which a unit begins, or it
    stays unheard; 1 / memory well above the units and the patches of a batch; a learning rate below K.
    """

    conscience: float = 10.0
    memory: float = 1e-4

    def __post_init__(self) -> None:
        if self.conscience < 0 or not 0 < self.memory <= 1:
            raise ValueError(f"conscience is zero or more, memory above 0 and at most 1; got {self}")

    def begin(self, weights: Tensor, generator: torch.Generator) -> Conscience:
        """The rule with its memory of wins."""
        return Conscience(self, weights.new_full((len(weights),), 1 / len(weights)))

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< x - w > over the patches each unit won, without a conscience."""
        return to_the_patches(self.winner(weights, outputs), inputs, weights)

    def winner(self, weights: Tensor, outputs: Tensor, bias: Tensor | float = 0.0) -> Tensor:
        """The nearest unit to every patch. Shapes: -> (B,)."""
        # |x - w|^2 = |x|^2 - 2 (u - |w|^2 / 2), and |x| is the same for all units.
        handicap = torch.linalg.vector_norm(weights, dim=1).square() - bias
        return strongest(torch.sub(outputs, handicap, alpha=0.5))


@dataclass
class Conscience:
    """HardCompetitive and how often each unit has won, p (K,); call it as an update."""

    rule: HardCompetitive
    p: Tensor

    def __call__(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        bias = self.rule.conscience * (1 / len(weights) - self.p)
        winner = self.rule.winner(weights, outputs, bias)
        won = shares_won(winner, weights)
        self.p += (1 - (1 - self.rule.memory) ** len(inputs)) * (won - self.p)
        return to_the_patches(winner, inputs, weights)


@dataclass(frozen=True)
class KrotovHopfield:
    """The unit that is driven most learns, the k-th unlearns (Krotov & Hopfield 2019, PNAS 116:7723-7731).

        I = sum over i of sign(w_i) |w_i|^(p - 1) x_i,   delta w = < g(rank of I) (x - I w) >
        g = 1 for the largest I, -delta for the k-th largest, 0 for all others

    sum |w|^p goes to 1 for a unit that learns from positive I. Defaults as in the authors' code (100 units);
    reported for 2000 units: p 3, k 7. Their `step` is "largest", their learning rate 0.02 and falling.
    Condition of use: long training; before |w|_p is 1 (history `lengths` for p 2) it has hardly begun.
    For p other than 2 the net computes sum w x, as the paper's does, and not I.
    Raises ValueError for settings out of range, and for fewer than k units.
    """

    p: float = 2.0
    k: int = 2
    delta: float = 0.4

    def __post_init__(self) -> None:
        if self.p < 1 or self.k < 2 or self.delta < 0:
            raise ValueError(f"p is 1 or more, k 2 or more, delta not negative; got {self}")

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< g (x - I w) >."""
        if len(weights) < self.k:
            raise ValueError(f"there is no {self.k}-th of {len(weights)} units; lower k")
        effective = weights if self.p == 2 else weights.sign() * weights.abs() ** (self.p - 1)
        left = outputs.clone() if self.p == 2 else inputs @ effective.T
        first = ranked = strongest(left)
        for _ in range(self.k - 1):  # for a small k in half the time of topk
            ranked = strongest(left.scatter_(1, ranked[:, None], -torch.inf))
        one = inputs.new_ones(len(inputs))
        seen = seen_by_winners(first, one, inputs, len(weights))
        seen -= seen_by_winners(ranked, self.delta * one, inputs, len(weights))
        return held(seen, effective, weights)


@dataclass(frozen=True)
class SoftHebb:
    """All units learn, each by its share of a soft competition (Moraitis et al. 2022, NCE 2:044017).

        y = softmax(u / temperature),   delta w_k = < y_k (x - u_k w_k) >

    |w| goes to 1. Of the deep form (Journe et al. 2023, as in their code): `losers` "anti-Hebbian" turns the
    sign of y for all but the largest; `rate_power` a multiplies unit k's learning rate by | |w_k| - 1 |^a, so
    that a unit learns less the nearer it is to length one (0.5 there); 0 leaves it out. The default
    temperature is that of their code, where `step` is "largest" and nothing else lowers the rate.
    Condition of use: patches of one length; a temperature below the differences of u; with a `rate_power`
    weights that begin far from length one, or nothing is learned.
    Differs from the papers: all units have the same prior (no biases). Not part of the rule, and left to the
    chain: the deep form's batch normalisation of what every layer sees; its first weights, of length 25, and
    temperatures of 1 to 4 for them (its code, CIFAR-10); its rectification of u less the mean over the units,
    to a power.
    """

    temperature: float = 1 / 12
    losers: Literal["Hebbian", "anti-Hebbian"] = "Hebbian"
    rate_power: float = 0.0

    def __post_init__(self) -> None:
        if not self.temperature > 0 or self.rate_power < 0:
            raise ValueError(f"temperature is above zero, rate_power not below; got {self}")
        if self.losers not in ("Hebbian", "anti-Hebbian"):
            raise ValueError(f"losers are 'Hebbian' or 'anti-Hebbian'; got {self.losers!r}")

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< y (x - u w) >, to be multiplied by the rates."""
        shares = (outputs / self.temperature).softmax(1)
        if self.losers == "anti-Hebbian":
            largest, winner = shares.max(1, keepdim=True)
            shares = shares.neg().scatter_(1, winner, largest)
        return held(correlation(shares, inputs), weights, weights)

    def rates(self, weights: Tensor) -> Tensor:
        """| |w| - 1 |^rate_power, of each unit. Shapes: (K, N) -> (K, 1)."""
        from_one: Tensor = torch.linalg.vector_norm(weights, dim=1, keepdim=True) - 1
        return from_one.abs() ** self.rate_power
