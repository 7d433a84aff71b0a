"""In the serving host: record calls, ask what is known of an account, and decide what to do. Never in the way.

``Recorder`` measures calls in the background and leaves them in a spool for ``gauger score`` and ``gauger serve``;
``Verdicts`` answers from what these published; ``Policy`` turns an answer into what is to be done.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gauger.host.policy import Decision, Policy
    from gauger.host.recorder import Recorder
    from gauger.host.verdicts import Verdict, Verdicts

__all__ = ["Decision", "Policy", "Recorder", "Verdict", "Verdicts"]

# Imported when first asked for: who only asks needs neither Arrow nor what measures.
_HOMES = {
    "Decision": "policy",
    "Policy": "policy",
    "Recorder": "recorder",
    "Verdict": "verdicts",
    "Verdicts": "verdicts",
}


def __getattr__(name: str) -> Any:
    """The public name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gauger.host' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"gauger.host.{_HOMES[name]}"), name)
    return value
