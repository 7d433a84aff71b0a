"""Hand-over to datasketch: signatures as ``LeanMinHash``, for an index that speaks it, and back.

datasketch compares hash values for equality and merges them by minimum, which is what our slots are made for. It keeps
beside them a seed and (from 2.0) a scheme, and refuses to compare or merge two that differ. Ours carry ``SEED`` and the
scheme "legacy", the only one that 1.x knows; 2.x makes others unless asked, and its indexes hold one scheme each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from gauger.engine.common.errors import KernelInputError
from gauger.kernels.sketches.minhash import SLOTS
from gauger.sketches.signatures import check

if TYPE_CHECKING:
    from datasketch import LeanMinHash, MinHash

SEED = 0x67617567  # "gaug"; below 2^32, the largest that a MinHash made of a LeanMinHash may have
_SCHEME = "legacy"
_SLOT_MAX = 2**32 - 1


def to_datasketch(signatures: np.ndarray) -> list[LeanMinHash]:
    """Each row of uint32[n, 128] as a datasketch ``LeanMinHash``, for ``MinHashLSH`` and its like.

    Its Jaccard similarities are ours. Its ``count`` means nothing: our slots are not uniform numbers.
    """
    try:
        from datasketch import LeanMinHash
    except ImportError:
        raise KernelInputError("datasketch is not installed: pip install 'gauger[datasketch]'") from None
    rows = check(signatures)
    if rows.ndim != 2:
        raise KernelInputError(f"signatures are uint32[n, {SLOTS}]; this is one row: pass row[None]")
    scheme = {"scheme": _SCHEME} if "scheme" in LeanMinHash.__slots__ else {}
    return [LeanMinHash(seed=SEED, hashvalues=row, **scheme) for row in rows]


def from_datasketch(minhashes: Iterable[MinHash]) -> np.ndarray:
    """The signatures, uint32[n, 128], that ``to_datasketch`` handed over, or minima of them.

    Raises ``KernelInputError`` for a MinHash that datasketch computed itself.
    """
    rows = []
    for place, one in enumerate(minhashes):
        if getattr(one, "seed", None) != SEED or getattr(one, "scheme", _SCHEME) != _SCHEME or len(one) != SLOTS:
            raise KernelInputError(f"MinHash {place} is not one of ours")
        if np.max(one.hashvalues) > _SLOT_MAX:
            raise KernelInputError(f"MinHash {place} holds a value beyond 32 bits")
        rows.append(np.asarray(one.hashvalues, np.uint32))
    return np.stack(rows) if rows else np.zeros((0, SLOTS), np.uint32)
