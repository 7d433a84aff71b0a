"""Parts of a finding: accounts of one finding that use different templates, or lie apart on the map."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from gauger.report.members import Members

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_OF_AN_ACCOUNT = 0.5  # share of an account's calls from which a family is what the account does
_SHARE_MIN = 0.05  # of the finding's accounts, for a part to be named
_ACCOUNTS_MIN = 3
_PARTS_MOST = 6
_CELLS = 48  # of the map, each way
_BLUR = 1.5  # cells
_VALLEY = 0.15  # of the highest density: below it accounts lie apart
_MAP_ACCOUNTS_MIN = 40  # fewer make no density


@dataclass(frozen=True)
class Part:
    """A part of a finding: its accounts, and the family that most of their calls are in, if there is one."""

    accounts: int
    family: int | None
    by_map: bool


def parts_of(members: Members, first: int, last: int) -> tuple[list[Part], Integers]:
    """Return the parts of the accounts ``first`` to ``last``, largest first, and the part of each account.

    One part, or none, is no list: the finding is then of one piece. Accounts in no part have -1.
    """
    least = max(_ACCOUNTS_MIN, int(np.ceil(_SHARE_MIN * (last - first))))
    family = _main_families(members, first, last)
    used, number = np.unique(family[family >= 0], return_counts=True)
    keep = used[number >= least]
    label = np.where(np.isin(family, keep), family, -1)
    if len(keep) and ((label < 0).sum() >= least or len(keep) > 1):
        groups = [(int(one), label == one) for one in keep]
        rest = label < 0
        if rest.sum() >= least:
            groups.append((-1, rest))
        ids = members.family
        return _numbered([(int(ids[one]) if one >= 0 else None, where) for one, where in groups], by_map=False)
    x, y = members.floats("map_x")[first:last], members.floats("map_y")[first:last]
    return _numbered([(None, where) for where in _apart(x, y, least)], by_map=True, total=last - first)


def _numbered(
    groups: list[tuple[int | None, npt.NDArray[np.bool_]]], *, by_map: bool, total: int = 0
) -> tuple[list[Part], Integers]:
    groups = sorted(groups, key=lambda group: -int(group[1].sum()))[:_PARTS_MOST]
    label = np.full(len(groups[0][1]) if groups else total, -1, np.int64)
    if len(groups) < 2:
        return [], label
    for number, (_, where) in enumerate(groups):
        label[where] = number
    return [Part(int(where.sum()), family, by_map) for family, where in groups], label


def _main_families(members: Members, first: int, last: int) -> Integers:
    """For each account the first place of the family that holds half its calls in ``members.family``; -1 for none."""
    here = members.families_of(first, last)
    member, calls, inside = members.member[here] - first, members.calls[here], members.in_family[here]
    total = np.bincount(member, calls, minlength=last - first)
    strong = inside & (calls >= _OF_AN_ACCOUNT * total[member])
    result = np.full(last - first, -1, np.int64)
    # Places rather than ids, because an id may be any number, below zero too.
    _, place, code = np.unique(members.family[here], return_index=True, return_inverse=True)
    result[member[strong]] = place[code[strong]] + here.start
    return result


def _apart(x: Floats, y: Floats, least: int) -> list[npt.NDArray[np.bool_]]:
    """Accounts in regions of the map that a valley of few accounts parts."""
    placed = np.isfinite(x) & np.isfinite(y)
    if placed.sum() < _MAP_ACCOUNTS_MIN:
        return []
    columns, rows = _cells(x, placed), _cells(y, placed)
    density = np.zeros((_CELLS, _CELLS))
    np.add.at(density, (columns[placed], rows[placed]), 1.0)
    smooth = ndimage.gaussian_filter(density, _BLUR)
    regions, number = ndimage.label(smooth > _VALLEY * smooth.max(), structure=np.ones((3, 3)))
    region = np.where(placed, regions[columns, rows], 0)
    found = [region == one for one in range(1, number + 1)]
    return [where for where in found if where.sum() >= least]


def _cells(values: Floats, placed: npt.NDArray[np.bool_]) -> Integers:
    """Cells of the middle 98 %; what lies outside is drawn to the border, so that one stray does not rule the grid."""
    known = values[placed]
    low, high = np.quantile(known, 0.01, method="higher"), np.quantile(known, 0.99, method="lower")
    span = (high - low) or 1.0
    scaled = np.where(placed, (values - low) / span * (_CELLS - 1), 0.0)
    return np.clip(np.round(scaled), 0, _CELLS - 1).astype(np.int64)
