"""Where accounts stand among the reference's, statistic by statistic: what reasons are chosen from, and their proof."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gauger.engine.evidence.evidence import Evidence
from gauger.engine.evidence.known_elsewhere import KNOWN_ELSEWHERE
from gauger.engine.findings.finding import Reason
from gauger.engine.statistics.population import Population

_REASONS_MAX = 5
_ODD = 0.05  # tail probability below which a statistic is a reason
KNOWN_BELOW = 0.01  # and below which an account is said to be known from another provider


@dataclass(frozen=True)
class Ranks:
    """s statistics of r accounts, and where each value stands among the reference's."""

    names: list[str]
    values: np.ndarray  # float64[s, r]; NaN = not available
    at_least: np.ndarray  # int64[s, r], reference accounts with at least that value; all of them where it is NaN
    at_most: np.ndarray  # int64[s, r]
    null_sizes: np.ndarray  # int64[s], reference accounts whose value is known

    @property
    def tails(self) -> np.ndarray:
        """Two-sided tail probability, float64[s, r]: twice the smaller of (k + 1) / (n + 1), at most 1.

        The account itself is counted in (Davison and Hinkley, Bootstrap Methods, 1997, section 4.2).
        """
        least = np.minimum(self.at_least, self.at_most) + 1.0
        return np.minimum(1.0, 2.0 * least / (self.null_sizes[:, None] + 1.0))


def ranks_of(today: Population, reference: Population, evidence: Evidence, rows: np.ndarray) -> Ranks:
    """Ranks of some of today's accounts, int64, in every statistic that the reference has too."""
    nulls = {**reference.statistics, **evidence.relational_null}
    columns = {**today.statistics, **evidence.relational}
    names = [name for name in columns if name in nulls]
    known = [np.sort(nulls[name][~np.isnan(nulls[name])]) for name in names]
    values = np.asarray([columns[name][rows] for name in names]).reshape(len(names), len(rows))
    at_least, at_most = (np.empty(values.shape, np.int64) for _ in range(2))
    for place, null in enumerate(known):
        unknown = np.isnan(values[place])
        at_least[place] = np.where(unknown, len(null), len(null) - np.searchsorted(null, values[place], "left"))
        at_most[place] = np.where(unknown, len(null), np.searchsorted(null, values[place], "right"))
    return Ranks(names, values, at_least, at_most, np.asarray([len(null) for null in known], np.int64))


def widest_share(evidence: Evidence) -> str | None:
    """The statistic of today's share among the most neighbours; None where there is none."""
    return max(evidence.shares, default=None, key=lambda name: int(name.rsplit("_", 1)[1]))


def account_reasons(ranks: Ranks | None, evidence: Evidence, rows: np.ndarray) -> list[list[Reason]]:
    """The most telling statistics of some accounts: least tail probability first, at most five each.

    ranks : of those accounts; None without a reference. The share of today's accounts among the nearest neighbours
    always comes first where there is one: it flagged them.
    """
    if ranks is None:
        return [[] for _ in rows]
    tails, share_name, content = ranks.tails, widest_share(evidence), evidence.parts.get("content")
    result = []
    for place, row in enumerate(rows.tolist()):
        reasons: list[Reason] = []
        if share_name is not None and content is not None and not np.isnan(content[row]):
            reasons.append((share_name, float(evidence.shares[share_name][row]), float(content[row])))
        for name, least in ((KNOWN_ELSEWHERE, KNOWN_BELOW), ("conformity", _ODD)):
            if name in evidence.parts and evidence.parts[name][row] < least:
                probability = float(evidence.parts[name][row])
                reasons.append((name, float(-np.log10(probability)), probability))
        order = np.argsort(tails[:, place], kind="stable")
        odd = [int(one) for one in order if tails[one, place] < _ODD]
        reasons += [(ranks.names[one], float(ranks.values[one, place]), float(tails[one, place])) for one in odd]
        result.append(reasons[:_REASONS_MAX])
    return result
