"""The one home of Numba's decorator.

Every kernel is serial (threads belong to the engine), releases the GIL, has an explicit signature (so that no
unseen array layout compiles in the middle of a request) and is cached on disk. ``inline`` marks helpers that are
pasted into kernels: they are never called from Python and have no signature of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types

_OPTIONS = {"nogil": True, "boundscheck": False, "error_model": "numpy"}


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel for one explicit signature, cached on disk."""
    return njit(signature, cache=True, **_OPTIONS)


inline = njit(inline="always", **_OPTIONS)


def _array(scalar: Any, dimensions: int) -> Any:
    return types.Array(scalar, dimensions, "C")


def _read_only(scalar: Any, dimensions: int) -> Any:
    return types.Array(scalar, dimensions, "C", readonly=True)


void, boolean, f32, f64 = types.void, types.boolean, types.float32, types.float64
u8, u32, u64, i8, i32, i64 = types.uint8, types.uint32, types.uint64, types.int8, types.int32, types.int64

# Arrays a kernel only reads are declared read-only: Arrow buffers are, and writable arrays convert to it.
u8_in, u32_in, u64_in = _read_only(u8, 1), _read_only(u32, 1), _read_only(u64, 1)
i8_in, i32_in, i64_in, f64_in = _read_only(i8, 1), _read_only(i32, 1), _read_only(i64, 1), _read_only(f64, 1)
f32_in2, f64_in2 = _read_only(f32, 2), _read_only(f64, 2)
u8_in2, u32_in2, u64_in2, i8_in2, i64_in2 = (_read_only(scalar, 2) for scalar in (u8, u32, u64, i8, i64))
u8_out, u32_out, u64_out = _array(u8, 1), _array(u32, 1), _array(u64, 1)
i8_out, i32_out, i64_out = _array(i8, 1), _array(i32, 1), _array(i64, 1)
f32_out, f64_out = _array(f32, 1), _array(f64, 1)
u8_out2, u32_out2, u64_out2 = _array(u8, 2), _array(u32, 2), _array(u64, 2)
i8_out2, i32_out2, i64_out2, f32_out2 = _array(i8, 2), _array(i32, 2), _array(i64, 2), _array(f32, 2)
