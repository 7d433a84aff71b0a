"""gauger: finds distillation campaigns in LLM API traffic by joining weak evidence across accounts."""

from gauger.engine.engine import Engine
from gauger.engine.errors import GaugerError, InputError, KernelInputError, StateError
from gauger.engine.secret import Secret
from gauger.engine.settings import Settings
from gauger.engine.snapshot import Verdict
from gauger.sketches.countmin import CountMin
from gauger.sketches.datasketch import from_datasketch, to_datasketch
from gauger.sketches.hyperloglog import HyperLogLog
from gauger.sketches.signatures import jaccard, signatures

__version__ = "0.1.0"
__all__ = [
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
    "__version__",
    "from_datasketch",
    "jaccard",
    "signatures",
    "to_datasketch",
]
