"""Readouts that fit no weights: single cells are given a class each, and vote.

A cell is one feature. Nothing is chosen, so the validation part is scored and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro.analysis.coding import winner
from neuro.analysis.readout import Part, Reader, checked_parts, known_ids


def cell_vote(train: Part, validation: Part) -> Reader:
    """Every cell stands for the class it answers most to; the class whose cells answer most is shown.

        class of cell j  = argmax over c of the mean of r_j over the training stimuli of class c
        class of image i = argmax over c of the mean of r_ij over the cells of class c

    The first class on a tie. Cells that answer all training stimuli with zero have no class, and a class
    without cells is never said. As in Diehl & Cook 2015, Front. Comput. Neurosci. 9:99.
    """
    parts = checked_parts(train, validation)
    rows, labels, _ = parts[0]
    classes, number = np.unique(labels, return_inverse=True)
    member = np.eye(len(classes))[number]
    means = member.T @ rows / member.sum(axis=0)[:, None]  # (classes, F)
    own = np.eye(len(classes))[means.argmax(axis=0)] * (rows != 0).any(axis=0)[:, None]  # (F, classes)
    cells = own.sum(axis=0)

    def predict(shown: NDArray[Any]) -> NDArray[Any]:
        heard = np.where(cells > 0, shown @ own / np.maximum(cells, 1), -np.inf)
        return np.asarray(classes[heard.argmax(axis=1)])

    return _voted(*parts, predict, cells)


def winner_vote(train: Part, validation: Part) -> Reader:
    """Every cell stands for the majority of the training stimuli it wins; the winner's class is shown.

    The cell that answers most wins; of k-means this is the majority label of the cluster. Only cells that won
    a training stimulus take part; the first class on a tie, and where none of them answers the commonest.
    Raises ValueError for negative features.
    """
    parts = checked_parts(train, validation)
    rows, labels, _ = parts[0]
    classes, number = np.unique(labels, return_inverse=True)
    wins = np.zeros((rows.shape[1], len(classes)))
    won = winner(rows)
    np.add.at(wins, (won[won >= 0], number[won >= 0]), 1)
    taking_part = np.asarray(wins.any(axis=1))
    commonest = int(np.bincount(number).argmax())

    def predict(shown: NDArray[Any]) -> NDArray[Any]:
        best = winner(shown * taking_part)
        return np.asarray(classes[np.where(best < 0, commonest, wins.argmax(axis=1)[best])])

    return _voted(*parts, predict, taking_part)


def _voted(
    train: Part, validation: Part, predict: Callable[[NDArray[Any]], NDArray[Any]], cells: NDArray[Any]
) -> Reader:
    right = float((predict(validation.rows) == validation.labels).mean())
    silent = float((train.rows == 0).all(axis=0).mean())
    remarks = () if cells.any() else ("no cell has a class: all are silent",)
    size = (train.rows.shape[1], len(train.rows))
    return Reader(np.nan, *size, silent, right, predict, known_ids(train, validation), remarks)
