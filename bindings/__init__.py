"""gauger: finds distillation campaigns in LLM API traffic by joining weak evidence across accounts."""

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
    from gauger.results.run import Run, read_run
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
    "Run",
    "Secret",
    "Settings",
    "StateError",
    "Verdict",
    "Warmth",
    "__version__",
    "from_datasketch",
    "jaccard",
    "read_run",
    "signatures",
    "to_datasketch",
    "warmup",
]

# Imported when first asked for: numba, pyarrow, faiss and scipy take a second, and `gauger --help` needs none of them.
_HOMES = {
    name: f"gauger.{home}"
    for home, names in {
        "engine.common.errors": "AllowListError GaugerError InputError KernelInputError StateError",
        "engine.common.secret": "Secret",
        "engine.common.settings": "Settings",
        "engine.engine": "Engine",
        "engine.families.allow_list": "AllowList",
        "engine.serving.snapshot": "Verdict",
        "kernels.warm": "Warmth warmup",
        "results.run": "Run read_run",
        "sketches.countmin": "CountMin",
        "sketches.datasketch": "from_datasketch to_datasketch",
        "sketches.hyperloglog": "HyperLogLog",
        "sketches.signatures": "jaccard signatures",
    }.items()
    for name in names.split()
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
