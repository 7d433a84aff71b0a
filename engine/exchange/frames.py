"""Frames of a finding's templates, as hashes that only members of the consortium can compare.

What is hashed are runs of three tokens of masked templates: text that at least twenty owners share, which the tables
show anyway. Of all of them the smallest hashes go into a signature: a bottom-k sketch (Bar-Yossef et al., 2002).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from gauger.engine.common.secret import Secret
from gauger.engine.exchange.signature import FRAMES_MAX

_GAP, _TOKEN, _WIDTH = re.compile(r"\[\.\.\.\d+\]"), re.compile(r"\w+|[^\w\s]"), 3


def frame_hashes(template: str, secret: Secret) -> np.ndarray:
    """Hashes of the runs of three tokens between the gaps of a masked template; uint64, ascending, each once.

    Raises StateError where the secret is of no consortium.
    """
    key, found = secret.shared(b"frames"), set()
    for piece in _GAP.split(template):
        tokens = _TOKEN.findall(piece.lower())
        for run in zip(*(tokens[at:] for at in range(_WIDTH)), strict=False):
            digest = blake2b("\0".join(run).encode("utf-8", "surrogatepass"), key=key, digest_size=8).digest()
            found.add(int.from_bytes(digest, "little"))
    return np.array(sorted(found), np.uint64)


def sketch(templates: Iterable[str], secret: Secret) -> np.ndarray:
    """The smallest hashes of several templates together; uint64[at most FRAMES_MAX], ascending."""
    parts = [frame_hashes(template, secret) for template in templates]
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *parts]))[:FRAMES_MAX]


def held_by(frames: np.ndarray, template: str, secret: Secret) -> int:
    """How many hashes of a sketch a template has, too."""
    return int(np.isin(frames, frame_hashes(template, secret)).sum())
