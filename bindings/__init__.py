"""gauger: finds distillation campaigns in LLM API traffic by joining weak evidence across accounts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gauger.engine.common.errors import AllowListError, GaugerError, InputError, KernelInputError, StateError
    from gauger.engine.common.secret import Secret
    from gauger.engine.common.settings import Settings
    from gauger.engine.engine import Engine
    from gauger.engine.families.allow_list import AllowList
    from gauger.engine.serving.snapshot import Verdict
    from gauger.kernels.warm import Warmth, warmup
    from gauger.sketches.countmin import CountMin
    from gauger.sketches.datasketch import from_datasketch, to_datasketch
    from gauger.sketches.hyperloglog import HyperLogLog
    from gauger.sketches.signatures import jaccard, signatures

__version__ = "0.1.0"
__all__ = [
    "AllowList",
    "AllowListError",
    "CountMin",
    "Engine",
    "GaugerError",
    "HyperLogLog",
    "InputError",
    "KernelInputError",
    "Secret",
    "Settings",
    "StateError",
    "Verdict",
    "Warmth",
    "__version__",
    "from_datasketch",
    "jaccard",
    "signatures",
    "to_datasketch",
    "warmup",
]

# Imported when first asked for: numba, pyarrow, faiss and scipy take a second, and `gauger --help` needs none of them.
_HOMES = {
    "AllowList": "gauger.engine.families.allow_list",
    "AllowListError": "gauger.engine.common.errors",
    "signatures": "gauger.sketches.signatures",
    "jaccard": "gauger.sketches.signatures",
    "to_datasketch": "gauger.sketches.datasketch",
    "from_datasketch": "gauger.sketches.datasketch",
    "Secret": "gauger.engine.common.secret",
    "KernelInputError": "gauger.engine.common.errors",
    "HyperLogLog": "gauger.sketches.hyperloglog",
    "CountMin": "gauger.sketches.countmin",
    "Engine": "gauger.engine.engine",
    "GaugerError": "gauger.engine.common.errors",
    "InputError": "gauger.engine.common.errors",
    "Settings": "gauger.engine.common.settings",
    "StateError": "gauger.engine.common.errors",
    "Verdict": "gauger.engine.serving.snapshot",
    "Warmth": "gauger.kernels.warm",
    "warmup": "gauger.kernels.warm",
}


def __getattr__(name: str) -> Any:
    """The public name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gauger' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    """Public names, imported or not."""
    return sorted({*globals(), *__all__})
