"""A shared signature: a finding as another provider may have it, in at most eight kilobytes without a prompt or an id.

What is in it is of k accounts and more: centroids of their oddest calls, and whole numbers. Features are comparable
where both providers measured with the consortium's key (``common.secret``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from gauger.engine.common.vectors import unit
from gauger.engine.evidence.known_elsewhere import SharedFinding

K_MIN = 10  # accounts behind a centroid, at least
CENTROIDS_MAX, FRAMES_MAX, HOURS = 10, 64, 24


@dataclass(frozen=True)
class FindingSignature:
    """A finding, as it is handed over. ``encoding`` says how it is written."""

    name: str  # of the signature, from its bytes; 16 hexadecimal digits
    consortium_id: str
    k: int  # accounts behind each centroid, at least
    centroids: np.ndarray  # int8[c, FEATURES], each of greatest value 127
    centroid_accounts: np.ndarray  # int64[c]
    frames: np.ndarray  # uint64[f], ascending: keyed hashes of the finding's templates (``frames``)
    accounts: int
    calls: int
    days: tuple[date, date]  # first and last on which it was found
    hours: np.ndarray  # uint8[HOURS], calls by hour of the day (UTC), 255 in the busiest; all 0 where not known

    @property
    def finding(self) -> SharedFinding:
        """What accounts are weighed against."""
        return SharedFinding(self.name, unit(self.centroids), self.centroid_accounts)
