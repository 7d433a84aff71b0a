"""Kernels on memory that ends, or begins, where a page lies that nobody may touch.

``every_kernel(edge)`` moves each array that any kernel is called with to such memory, read-only where the kernel's
signature says that it only reads, runs it there, and copies back what it wrote; ``Scratch`` does the same to what
kernels allocate for themselves. One byte too far is a segmentation fault, hence a process of its own:
``python -m tests.kernels.guarded EDGE TEST...`` runs tests so and says which one died.
"""

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import llvmlite.binding as llvm
import numpy as np
import pytest
from numba import types
from numba.core.registry import cpu_target
from numba.core.runtime import _nrt_python, rtsys

from gauger.kernels.machine.jit import Kernel

Edge = Literal["end", "start"]
_PAGE = mmap.PAGESIZE
_NO_ACCESS, _READ = 0, 1  # PROT_NONE, PROT_READ
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_EXAMPLES = 20  # of a property test, in a run of tests: inputs at the edge of a buffer are what it is for


def _protect(address: int, size: int, access: int) -> None:
    if _LIBC.mprotect(address, size, access):
        raise OSError(ctypes.get_errno(), "mprotect")


def guarded(array: np.ndarray, edge: Edge, *, writable: bool) -> np.ndarray:
    """A copy whose last byte (or first) is the last (first) of a page; the pages around are inaccessible."""
    size = -(-max(1, array.nbytes) // _PAGE) * _PAGE
    memory = mmap.mmap(-1, size + 2 * _PAGE)
    whole = np.frombuffer(memory, np.uint8)
    inner = whole[_PAGE : _PAGE + size]
    inner[:] = 0xAB  # what lies in the page beside the array must not matter
    at = size - array.nbytes if edge == "end" else 0
    part = inner[at : at + array.nbytes]
    part[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if not writable:
        _protect(inner.ctypes.data, size, _READ)
        part.flags.writeable = False
    _protect(whole.ctypes.data, _PAGE, _NO_ACCESS)
    _protect(whole.ctypes.data + _PAGE + size, _PAGE, _NO_ACCESS)
    return part.view(array.dtype).reshape(array.shape)


def call(kernel: Kernel, arguments: tuple[Any, ...], edge: Edge) -> Any:
    """Run a kernel on guarded copies of its arrays, and copy back what it may have written."""
    kernel.compile()
    copies: list[tuple[np.ndarray, np.ndarray]] = []  # of what it may write

    def move(kind: Any, argument: Any) -> Any:
        if isinstance(kind, types.BaseTuple) and isinstance(argument, tuple):
            return type(argument)(*map(move, kind, argument))
        if not (isinstance(kind, types.Array) and isinstance(argument, np.ndarray) and argument.flags.c_contiguous):
            return argument
        copy = guarded(argument, edge, writable=kind.mutable)
        if kind.mutable:
            copies.append((argument, copy))
        return copy

    answer = kernel.dispatcher(*map(move, kernel.signature.args, arguments))
    for argument, copy in copies:
        argument[...] = copy
    return answer


_PLAIN = Kernel.__call__


@contextmanager
def unguarded() -> Iterator[None]:
    """Kernels as they are, in the middle of ``every_kernel``."""
    guard = Kernel.__call__
    Kernel.__call__ = _PLAIN  # type: ignore[method-assign]
    try:
        yield
    finally:
        Kernel.__call__ = guard  # type: ignore[method-assign]


@contextmanager
def every_kernel(edge: Edge) -> Iterator[None]:
    """Guard the arrays of every kernel called meanwhile."""
    Kernel.__call__ = lambda self, *arguments: call(self, arguments, edge)  # type: ignore[method-assign]
    try:
        yield
    finally:
        Kernel.__call__ = _PLAIN  # type: ignore[method-assign]


class _Allocator(ctypes.Structure):
    """``NRT_ExternalAllocator`` of numba/core/runtime/nrt_external.h."""

    MALLOC = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
    REALLOC = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    FREE = ctypes.CFUNCTYPE(None, ctypes.c_size_t, ctypes.c_void_p)
    _fields_ = (("malloc", MALLOC), ("realloc", REALLOC), ("free", FREE), ("opaque", ctypes.c_void_p))


class Scratch:
    """Numba's allocator, with every array that a kernel makes ending (to 7 bytes) at an inaccessible page.

    New arrays are filled with 0xCB, so that reading what was never written shows. Make one before any kernel is loaded.
    """

    def __init__(self) -> None:
        self.allocated = 0
        self._blocks: dict[int, mmap.mmap] = {}
        self._allocator = _Allocator(
            _Allocator.MALLOC(self._malloc), _Allocator.REALLOC(lambda *_: 0), _Allocator.FREE(self._free), None
        )
        kind = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_size_t, ctypes.c_uint)
        outer = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_size_t, ctypes.c_uint, ctypes.c_void_p)
        rtsys.initialize(cpu_target.target_context)
        make = outer(_nrt_python.c_helpers["MemInfo_alloc_safe_aligned_external"])
        # Alignment 1: no slack before the array, and two bytes after it.
        self._entry = kind(lambda size, alignment: make(size, 1, ctypes.addressof(self._allocator)))
        llvm.add_symbol("NRT_MemInfo_alloc_aligned", ctypes.cast(self._entry, ctypes.c_void_p).value)

    def _malloc(self, size: int, _: int) -> int:
        size -= 2
        pages = -(-size // _PAGE) * _PAGE
        memory = mmap.mmap(-1, pages + _PAGE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        _protect(base + pages, _PAGE, _NO_ACCESS)
        block = (base + pages - size) & ~7
        self._blocks[block] = memory
        self.allocated += 1
        return block

    def _free(self, block: int, _: int) -> None:
        del self._blocks[block]


class _FewerExamples:
    """A plugin: property tests take fewer examples, because each is run at both edges."""

    def pytest_configure(self) -> None:
        from hypothesis import settings

        from tests.kernels import strategies

        strategies.QUICK = settings(strategies.QUICK, max_examples=_EXAMPLES)


def main(arguments: list[str]) -> int:
    """Run tests with every kernel guarded: the edge, then what pytest is to run."""
    edge, *tests = arguments
    faulthandler.enable(os.fdopen(os.dup(2), "w"))  # pytest holds back what is written to 2 itself
    scratch = Scratch()
    options = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:xdist", "-x", *tests]
    with every_kernel("end" if edge == "end" else "start"):
        failed = int(pytest.main(options, plugins=[_FewerExamples()]))
    assert scratch.allocated > 0, "no kernel has used the guarded allocator"
    return failed


if __name__ == "__main__":
    from tests.kernels import guarded as imported  # the module the tests know, not a second copy of it

    sys.exit(imported.main(sys.argv[1:]))
