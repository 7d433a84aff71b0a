"""Compiled kernels come from a cache named after their sources.

Numba's cache does not see an edit of a callee in another file: without this, a test could pass on yesterday's
kernel.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

KERNELS = Path(__file__).parents[1] / "kernels"

if "numba" not in sys.modules:
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(KERNELS.glob("*.py")):
        digest.update(source.read_bytes())
    os.environ.setdefault("NUMBA_CACHE_DIR", str(KERNELS / "__pycache__" / digest.hexdigest()))
