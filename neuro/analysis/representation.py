"""What a population of units makes of labelled stimuli: how selective, how evenly used, how like another.

Responses here come stimulus by stimulus: (n stimuli, units).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.coding import winner
from neuro.analysis.curves import Floats, checked, ratio


def selectivity_index(responses: ArrayLike, labels: ArrayLike) -> Floats:
    """How much more a unit answers its best class than the others: 1 one class only, 0 all alike.

        (m_best - m_rest) / (m_best + m_rest)

    m_best is the largest of the mean responses to a class, m_rest the mean of those to the other classes
    (Morcos et al. 2018, ICLR, reported). NaN for a silent unit.

    Shapes: (n, units), (n,) -> (units,). Raises ValueError for negative or non-finite responses, labels that
    do not fit, and fewer than two classes.
    """
    rates, classes = _population(responses), np.asarray(labels)
    if classes.shape != rates.shape[:1]:
        raise ValueError(f"labels must be ({len(rates)},), one for each stimulus; got {classes.shape}")
    names, number = np.unique(classes, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"selectivity needs at least two classes; there is {names.tolist()}")
    member = np.eye(len(names))[number]
    means = member.T @ rates / member.sum(axis=0)[:, None]
    best = means.max(axis=0)
    rest = (means.sum(axis=0) - best) / (len(names) - 1)
    return np.asarray(ratio(best - rest, best + rest))


def winner_entropy(responses: ArrayLike) -> float:
    """How evenly the units share the stimuli they win: 1 if all win as many, 0 if one wins all.

        -sum_j p_j log p_j / log(units),   p_j the share of stimuli to which unit j answers most

    NaN if no stimulus is answered; stimuli that are not are left out. With fewer stimuli than units it cannot
    reach 1, but log(stimuli) / log(units).
    Shapes: (n, units). Raises ValueError for negative or non-finite responses and fewer than two units.
    """
    rates = _population(responses)
    if rates.shape[1] < 2:
        raise ValueError(f"winners need at least two units; got {rates.shape[1]}")
    won = winner(rates)
    counts = np.unique(won[won >= 0], return_counts=True)[1]
    if not len(counts):
        return float("nan")
    share = counts / counts.sum()
    return float(abs((share * np.log(share)).sum()) / np.log(rates.shape[1]))


def norms_reached(weights: ArrayLike, norm: float = 1.0, power: float = 2.0, within: float = 0.05) -> float:
    """The share of units whose weights have come to the norm that the rule aims at.

        | (sum_i |w_i|^power)^(1/power) - norm | <= within norm

    Oja's rule aims at 1 with power 2; Krotov and Hopfield's at any radius with the power of their norm.
    Where it is small, training was too short, whatever the readout says.
    Shapes: (units, ...). Raises ValueError for weights that are empty or not finite.
    """
    return float((np.abs(_norms(weights, power) - norm) <= within * norm).mean())


def norm_spread(weights: ArrayLike) -> float:
    """Standard deviation of the units' Euclidean norms over their mean; NaN if all weights are zero.

    Shapes: (units, ...). Raises ValueError for weights that are empty or not finite.
    """
    norms = _norms(weights, 2.0)
    return float(ratio(norms.std(), norms.mean()))


def linear_cka(one: ArrayLike, other: ArrayLike) -> float:
    """Linear centred kernel alignment of two representations of the same stimuli, from 0 to 1 (alike).

        |Y'X|^2 / (|X'X| |Y'Y|),   Frobenius norms, columns centred      (Kornblith et al. 2019, reported)

    The same under rotation and a common scale, not under a scale for each unit. It is raised where stimuli
    are not many more than units, and one outlier can move it without a change of function (Davari et al.
    2023): give it with representational_similarity(), never alone. NaN if a representation is constant.

    Shapes: (n, units), (n, other units). Raises ValueError if they do not fit or are not finite.
    """
    x, y = _pair(one, other)
    # Inner products between stimuli: |Y'X|^2 = tr(XX' YY'), and stimuli are fewer than units.
    k, m = ((rows := each - each.mean(axis=0)) @ rows.T for each in (x, y))
    return float(ratio((k * m).sum(), np.linalg.norm(k) * np.linalg.norm(m)))


def dissimilarity(responses: ArrayLike) -> Floats:
    """How unlike the patterns are that two stimuli evoke: 1 - their Pearson correlation, for every pair.

    NaN for a stimulus to which all units answer alike. Shapes: (n, units) -> (n (n - 1) / 2,).
    """
    rows, _ = _pair(responses, responses)
    centred = rows - rows.mean(axis=1, keepdims=True)
    unit = ratio(centred, np.linalg.norm(centred, axis=1, keepdims=True))
    return np.asarray(1 - (unit @ unit.T)[np.triu_indices(len(rows), k=1)])


def representational_similarity(one: ArrayLike, other: ArrayLike) -> float:
    """Spearman's correlation of the dissimilarities of two representations, from -1 to 1 (alike).

    As Kriegeskorte et al. 2008 (reported). Pairs with a stimulus to which all units answer alike are left
    out; NaN if fewer than two are left.
    Shapes and errors as for linear_cka.
    """
    from scipy.stats import rankdata  # takes a third of a second to import

    pairs = np.stack([dissimilarity(each) for each in _pair(one, other)])
    pairs = pairs[:, ~np.isnan(pairs).any(axis=0)]
    if pairs.shape[1] < 2:
        return float("nan")
    # Rounded, so that distances which differ by a rounding error are ties.
    ranks = rankdata(pairs.round(12), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return float(ratio((ranks[0] * ranks[1]).sum(), np.sqrt((ranks**2).sum(axis=1).prod())))


def _population(responses: ArrayLike) -> Floats:
    rates = checked(responses)
    if rates.ndim != 2:
        raise ValueError(f"responses must be (n stimuli, units); got shape {rates.shape}")
    return rates


def _norms(weights: ArrayLike, power: float) -> Floats:
    rows = np.asarray(weights, dtype=np.float64)
    if rows.ndim < 2 or rows.size == 0 or not np.isfinite(rows).all():
        raise ValueError(f"weights must be (units, ...), finite and not empty; got shape {rows.shape}")
    return np.asarray((np.abs(rows.reshape(len(rows), -1)) ** power).sum(axis=1) ** (1 / power))


def _pair(one: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or min(x.size, y.size) == 0:
        raise ValueError(f"representations are (n, units) of the same n stimuli; got {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("representations must be finite; they hold NaN or infinity")
    return x, y
