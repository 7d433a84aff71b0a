"""Warming up: every kernel compiled or loaded before the first call, so that no call ever waits for a compiler."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass

import gauger.kernels
from gauger.kernels.machine.cache import DIRECTORY
from gauger.kernels.machine.jit import KERNELS

# Importing a module puts its kernels into KERNELS.
for _module in pkgutil.walk_packages(gauger.kernels.__path__, "gauger.kernels."):
    if _module.name != __name__:
        importlib.import_module(_module.name)


@dataclass(frozen=True)
class Warmth:
    """What a warm-up did."""

    kernels: int  # there are
    compiled: int  # by this call
    loaded: int  # from the cache, by this call; the others were ready
    seconds: float
    directory: str | None  # of the cache; None where there can be none
    problem: str | None  # why the cache could not be used, if it could not


def warmup(progress: Callable[[int, int], None] | None = None) -> Warmth:
    """Compile every kernel, or load it from the cache; afterwards nothing compiles in this process.

    progress : told how many kernels are ready, of how many
    Never fails for the cache's sake: see ``Warmth.problem``. Cheap when done already; safe from any thread.
    """
    started = time.perf_counter()
    compiled = loaded = 0
    for done, kernel in enumerate(KERNELS, 1):
        if not kernel.ready:
            made = kernel.compile()
            compiled, loaded = compiled + made, loaded + (not made)
        if progress is not None:
            progress(done, len(KERNELS))
    return Warmth(len(KERNELS), compiled, loaded, time.perf_counter() - started, DIRECTORY.path, DIRECTORY.problem)
