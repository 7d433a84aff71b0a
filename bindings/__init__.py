"""gauger: finds distillation campaigns in LLM API traffic by joining weak evidence across accounts."""

from gauger.engine.engine import Engine
from gauger.engine.errors import GaugerError, InputError, StateError
from gauger.engine.settings import Settings
from gauger.engine.snapshot import Verdict

__version__ = "0.1.0"
__all__ = ["Engine", "GaugerError", "InputError", "Settings", "StateError", "Verdict", "__version__"]
