"""Hebbian rules without and with a bound on the weights, for LayerByLayer.

x inputs (B, N), w weights (K, N), y = x w^T outputs (B, K), the weighted sums; < > the mean over the patches
of a batch; the learning rate eta stands before every update.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


def correlation(outputs: Tensor, inputs: Tensor) -> Tensor:
    """< y x >, the mean product of each output and each input. Shapes: (B, K), (B, N) -> (K, N)."""
    added_to = inputs.new_zeros(1, 1)  # ignored, but addmm takes the mean within the product
    return torch.addmm(added_to, outputs.T, inputs, beta=0, alpha=1 / len(inputs))


def seen_by_winners(winner: Tensor, shares: Tensor, inputs: Tensor, units: int) -> Tensor:
    """< g x > where one unit alone has a share of each patch: correlation() without its zeros.

    Shapes: winner (B,), its share g (B,), inputs (B, N) -> (units, N).
    """
    order, count = winner.argsort(stable=True), winner.bincount(minlength=units)
    # Unit by unit, as index_add_ adds in whatever order on a GPU.
    weighed = (shares / len(inputs))[order]
    return F.embedding_bag(order, inputs, count.cumsum(0) - count, mode="sum", per_sample_weights=weighed)


def held(seen: Tensor, by: Tensor, weights: Tensor) -> Tensor:
    """< g (x - v w) > of seen = < g x > and v = x by^T, the sums by these weights: < g v > = < g x > by^T.

    Shapes: all (K, N); `seen` is written over.
    """
    return seen.addcmul_((seen * by).sum(1, keepdim=True), weights, value=-1)


def strongest(outputs: Tensor) -> Tensor:
    """The unit that answers most to each patch, the first of equals. Shapes: (B, K) -> (B,)."""
    if outputs.device.type == "cpu":  # where numpy takes a sixth of torch's time
        return torch.from_numpy(outputs.detach().numpy().argmax(1))
    return outputs.argmax(1)


def unit_length(weights: Tensor) -> Tensor:
    """Each unit's weights brought to length one; weights of zero stay zero."""
    return F.normalize(weights, dim=1, eps=1e-30)


@dataclass(frozen=True)
class PlainHebb:
    """The product of input and output, with nothing to hold it: < y x > (Hebb 1949; so the lecture decks).

    Of one pattern x the weighted sum grows as (1 + eta |x|^2)^n. Condition of use: few steps; the weights
    have no bound. All units drift towards plus or minus one direction, that of the largest second moment.
    """

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< y x >."""
        return correlation(outputs, inputs)


@dataclass(frozen=True)
class NormalisedHebb:
    """Hebb's product, each unit's weights then divided by their length: w <- (w + eta < y x >) / |...|.

    Multiplicative normalisation (von der Malsburg 1973 and others, reported; he kept the sum, not the length,
    constant). Condition of use: single units, or to show redundancy: every unit ends at plus or minus the one
    direction of the largest second moment of the inputs.
    """

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< y x >."""
        return correlation(outputs, inputs)

    def constrained(self, weights: Tensor) -> Tensor:
        """The weights at length one."""
        return unit_length(weights)


@dataclass(frozen=True)
class Fukushima:
    """The winner, and it alone, adds what it sees: eq. 7 of 1980, which has no output factor.

        delta w(winner) = q < y^power x >,   power 0 in 1980;   q is the learning rate

    The one whose y / |w| is largest wins, which stands in for the inhibition that grows with the weights in
    1980; a patch to which no unit answers above zero teaches nothing. Power 1 is the lecture decks' product
    of input and output. What the factor does: shown one pattern x, w grows by n q x without it, and its sum
    as (1 + q |x|^2)^n with it; a patch of twice the contrast counts twice without it, four times with it.

    Condition of use: weak weights that differ from unit to unit; their sum over presentations is the memory,
    so `decay` "constant" is the rule of 1980.
    Differs from the paper (Fukushima, Biol. Cybern. 36:193-202): no inhibitory cells; one winner for each
    patch, not for each S-column; no weights c that fall off from the centre. The net is given weights of
    length one, as an S-cell's answer depends on the ratio of its excitation to its inhibition.
    """

    power: float = 0.0

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< y^power x > of the patches each unit won."""
        length = torch.linalg.vector_norm(weights, dim=1).clamp(min=1e-30)
        winner = strongest(outputs / length)
        answer = outputs.gather(1, winner[:, None])[:, 0].clamp(min=0)
        reinforced = torch.where(answer > 0, answer**self.power, 0)
        return seen_by_winners(winner, reinforced, inputs, len(weights))

    def finished(self, weights: Tensor) -> Tensor:
        """The weights at length one."""
        return unit_length(weights)


@dataclass(frozen=True)
class Oja:
    """Hebb's product less what bounds it: < y x > - < y^2 > w (Oja 1982, reported).

    |w| goes to 1 and w to the first principal component, plus or minus. Condition of use: inputs of mean zero
    (otherwise it is the second moment's first direction), a small learning rate; all units learn the same.
    """

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< y x > - < y^2 > w."""
        return held(correlation(outputs, inputs), weights, weights)


@dataclass(frozen=True)
class Sanger:
    """The generalised Hebbian algorithm: unit k learns what units 1 to k leave of the input.

        delta w_k = < y_k (x - sum over j <= k of y_j w_j) >

    (Sanger 1989, Neural Networks 2:459-473, reported.) Unit k goes to the k-th principal component, plus or
    minus. Condition of use: as of Oja; no more units than inputs, as the weights of the rest go, slowly, to
    zero.
    """

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """< y x > - lower triangle of < y y^T > times w; < y y^T > = < y x > w^T, as y = x w^T."""
        seen, learned = correlation(outputs, inputs), []
        for first in range(0, len(weights), 128):  # block by block, as right of the triangle all is zero
            block, before = seen[first : first + 128], weights[: first + 128]
            learned.append(block.addmm(torch.tril(block @ before.T, first), before, alpha=-1))
        return torch.cat(learned)
