"""The one home of Numba's decorator.

Every kernel is serial (threads belong to the engine), releases the GIL, has one explicit signature (so that no unseen
array layout compiles in the middle of a request) and is cached on disk (``cache``). It is compiled, or loaded, when it
is first called or by ``warm.warmup``; importing it costs nothing. ``inline`` marks helpers that are pasted into
kernels, ``shared`` larger ones that are linked: neither is called from Python or has a signature of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from numba import njit, types
from numba.core.compiler_lock import global_compiler_lock

from gauger.kernels.machine.cache import KernelCache

_OPTIONS = {"nogil": True, "boundscheck": False, "error_model": "numpy"}


class Kernel:
    """A function of arrays and scalars with one signature, compiled once. Kernels do not call each other."""

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.signature = signature
        self.dispatcher = njit(**_OPTIONS)(function)
        self.dispatcher._cache = KernelCache(function)
        self.ready = False
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Run it; arrays of another type or layout than the signature's are refused."""
        if not self.ready:
            self.compile()
        return self.dispatcher(*arguments)

    def compile(self) -> bool:
        """Compile it or load it from the cache, whatever thread asks first; returns whether it had to be compiled."""
        with global_compiler_lock:
            if self.ready:
                return False
            self.dispatcher.compile(self.signature)
            self.dispatcher.disable_compile()
            self.ready = True
            return not self.dispatcher.stats.cache_hits


KERNELS: list[Kernel] = []  # of the modules imported so far


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a kernel of a function, with one explicit signature."""

    def decorate(function: Callable[..., Any]) -> Kernel:
        made = Kernel(function, signature)
        KERNELS.append(made)
        return made

    return decorate


inline = njit(inline="always", **_OPTIONS)
# Larger helpers that several kernels call once a prompt: compiled once a process and linked, not pasted into each.
shared = njit(**_OPTIONS)


def _array(scalar: Any, dimensions: int) -> Any:
    return types.Array(scalar, dimensions, "C")


def _read_only(scalar: Any, dimensions: int) -> Any:
    return types.Array(scalar, dimensions, "C", readonly=True)


void, boolean, f32, f64 = types.void, types.boolean, types.float32, types.float64
u8, u32, u64, i8, i32, i64 = types.uint8, types.uint32, types.uint64, types.int8, types.int32, types.int64

# Arrays a kernel only reads are declared read-only: Arrow buffers are, and writable arrays convert to it.
u8_in, u32_in, u64_in = _read_only(u8, 1), _read_only(u32, 1), _read_only(u64, 1)
i8_in, i32_in, i64_in, f64_in = _read_only(i8, 1), _read_only(i32, 1), _read_only(i64, 1), _read_only(f64, 1)
f32_in, f32_in2, f64_in2 = _read_only(f32, 1), _read_only(f32, 2), _read_only(f64, 2)
u8_in2, u32_in2, u64_in2, i8_in2, i32_in2, i64_in2 = (_read_only(scalar, 2) for scalar in (u8, u32, u64, i8, i32, i64))
u8_out, u32_out, u64_out = _array(u8, 1), _array(u32, 1), _array(u64, 1)
i8_out, i32_out, i64_out = _array(i8, 1), _array(i32, 1), _array(i64, 1)
f32_out, f64_out = _array(f32, 1), _array(f64, 1)
u8_out2, u32_out2, u64_out2 = _array(u8, 2), _array(u32, 2), _array(u64, 2)
i8_out2, i32_out2, i64_out2, f32_out2 = _array(i8, 2), _array(i32, 2), _array(i64, 2), _array(f32, 2)
