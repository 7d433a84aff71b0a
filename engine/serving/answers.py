"""What a host is told of the calls it gave: one row a call, in order."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from gauger.engine.intake.admission import Admitted
from gauger.engine.intake.measuring import Measures
from gauger.engine.serving.snapshot import Snapshot

Follow = Callable[[Measures, np.ndarray, Admitted], np.ndarray]


def answer(
    admitted: Admitted, measures: Measures, repeats: np.ndarray, snapshot: Snapshot | None, follow: Follow | None
) -> pa.RecordBatch:
    """One row a call of a batch: ``reason``, ``family_id``, ``exact_repeats``, ``novelty``, ``account_evidence``.

    repeats : int64, calls so far with the prompt of each admitted call
    follow : families of calls as they arrive, asked where the snapshot knows some of them not: given the measures and
        the ids known (0 = none), it returns all ids
    """
    rows = len(admitted.rows) + len(admitted.rejected)
    reasons = np.full(rows, None, object)
    reasons[admitted.rejected] = admitted.reasons
    family, known = np.zeros(rows, np.int64), np.zeros(rows, bool)
    counts, novelty = np.zeros(rows, np.int64), np.full(rows, np.nan)
    strength, scored = np.full(rows, np.nan), np.zeros(rows, bool)
    taken = admitted.rows
    scored[taken], counts[taken], novelty[taken] = True, repeats, measures.novelty
    if snapshot is not None:
        found = snapshot.families_of(measures)
        family[taken], known[taken] = snapshot.ids(found), found >= 0
        strength[taken] = snapshot.account_evidence(admitted.calls.column("account_id").to_pylist())
    if follow is not None and not np.all(known[taken]):
        family[taken] = follow(measures, family[taken], admitted)
        known |= family != 0
    return pa.record_batch(
        {
            "reason": pa.array(reasons.tolist(), pa.string()),
            "family_id": pa.array(family, mask=~known),
            "exact_repeats": pa.array(counts, mask=~scored),
            "novelty": pa.array(novelty, mask=np.isnan(novelty)),
            "account_evidence": pa.array(strength, mask=np.isnan(strength)),
        }
    )
