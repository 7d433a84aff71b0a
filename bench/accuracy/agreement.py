"""How well found groups agree with known ones: the figures of ``bench.families``.

A label below zero is a group of its own. Rows whose truth is below zero were written by hand, from no template: they
count where they are put into a group (precision, ``honest_in_families``, ``pollution``), never as a group to find.
"""

from dataclasses import dataclass

import numpy as np

MEMBERS_MIN = 5  # smaller groups are nobody's family
_HELD = 0.8  # a family is found by a group that holds this share of it, and of which it is this share


@dataclass(frozen=True)
class Agreement:
    """Shares from 0 to 1, and how many families there are; NaN where there is nothing to count."""

    ari: float  # adjusted Rand index of the rows that have a template
    grouping_accuracy: float  # rows in a group that is exactly their template's rows, of the rows that have one
    precision: float  # of the pairs put together, those of one template; rows without a template included
    recall: float  # of the pairs of one template, those put together
    f1: float
    family_recall: float  # families of five or more that a group holds
    families: int  # families of five or more in truth
    found: int  # groups of five or more
    honest_in_families: float  # of the rows without a template, those in a group of five or more
    pollution: float  # of the rows without a template, those in a group that also has rows with one


def agreement(labels: np.ndarray, truth: np.ndarray) -> Agreement:
    """Compare found groups with known ones; two integer arrays of one length."""
    groups, known = apart(labels), np.asarray(truth, np.int64)
    templated = known >= 0
    precision, recall, f1 = pairwise(groups, apart(known))
    sizes = np.bincount(groups, minlength=1)
    mixed = np.zeros(len(sizes), bool)
    mixed[groups[templated]] = True
    honest = groups[~templated]
    inside, outside = groups[templated], known[templated]
    family_recall, families = _family_recall(inside, outside, sizes)
    return Agreement(
        ari=adjusted_rand_index(inside, outside),
        grouping_accuracy=_grouping_accuracy(inside, outside, sizes),
        precision=precision,
        recall=recall,
        f1=f1,
        family_recall=family_recall,
        families=families,
        found=int(np.sum(sizes >= MEMBERS_MIN)),
        honest_in_families=_mean(sizes[honest] >= MEMBERS_MIN),
        pollution=_mean(mixed[honest]),
    )


def apart(labels: np.ndarray) -> np.ndarray:
    """Groups numbered from 0 on, every label below zero one of its own."""
    given = np.asarray(labels, np.int64)
    alone = np.where(given < 0, given.max(initial=0) + 1 + np.arange(len(given)), given)
    return np.unique(alone, return_inverse=True)[1].reshape(-1)


def adjusted_rand_index(left: np.ndarray, right: np.ndarray) -> float:
    """Hubert and Arabie's index: 1 for the same partition, 0 in the mean for random ones; NaN of no row."""
    if len(left) == 0:
        return float("nan")
    every = pairs(np.asarray([len(left)]))
    both, one, other = _common_pairs(left, right)
    expected = one * other / every if every else 0.0
    most = (one + other) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def pairwise(labels: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 over pairs of rows, both without labels below zero."""
    both, together, alike = _common_pairs(labels, truth)
    return both / max(1, together), both / max(1, alike), 2 * both / max(1, together + alike)


def pairs(sizes: np.ndarray) -> int:
    """Pairs inside of groups of these sizes."""
    return int(np.sum(sizes * (sizes - 1) // 2))


def _common_pairs(left: np.ndarray, right: np.ndarray) -> tuple[int, int, int]:
    """Pairs together in both, in the first, in the second."""
    cells = _cells(left, right)[2]
    one, other = (np.unique(groups, return_counts=True)[1] for groups in (left, right))
    return pairs(cells), pairs(one), pairs(other)


def _cells(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct pairs of labels, and the rows of each."""
    width = int(right.max(initial=0)) + 1
    keys, rows = np.unique(left.astype(np.int64) * width + right, return_counts=True)
    return keys // width, keys % width, rows


def _grouping_accuracy(groups: np.ndarray, known: np.ndarray, sizes: np.ndarray) -> float:
    """Loghub's accuracy. A group that also has rows without a template is not right."""
    group, family, rows = _cells(groups, known)
    exact = (rows == sizes[group]) & (rows == np.bincount(known)[family])
    return int(rows[exact].sum()) / len(known) if len(known) else float("nan")


def _family_recall(groups: np.ndarray, known: np.ndarray, sizes: np.ndarray) -> tuple[float, int]:
    group, family, rows = _cells(groups, known)
    members = np.bincount(known, minlength=1)
    large = members >= MEMBERS_MIN
    held = np.zeros(len(members), bool)
    held[family[(rows >= _HELD * members[family]) & (rows >= _HELD * sizes[group])]] = True
    return _mean(held[large]), int(large.sum())


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
