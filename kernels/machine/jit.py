"""The one home of Numba's decorator.

Every kernel is serial (threads belong to the engine), releases the GIL, has one explicit signature (so that no unseen
array layout compiles in the middle of a request) and is cached on disk (``cache``). It is compiled, or loaded, when it
is first called or by ``warm.warmup``; importing it costs nothing. ``inline`` marks helpers that are pasted into
kernels, ``shared`` larger ones that are linked: neither is called from Python or has a signature of its own.

A signature is a string: ``i64(Grams(i64_in, u32_in), u8_out2, i64)`` returns an int64 and takes a named tuple of the
kernel's module, a matrix of bytes that it writes, and a number. The names are those of ``TYPES``: a scalar, or a scalar
with ``_in`` for an array that is only read, ``_out`` for one that is written, and 2 behind it for a matrix.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any

from numba import njit, types
from numba.core.compiler_lock import global_compiler_lock

from gauger.kernels.machine.cache import KernelCache

_OPTIONS = {"nogil": True, "boundscheck": False, "error_model": "numpy"}
_SCALARS = {
    "u8": types.uint8, "u32": types.uint32, "u64": types.uint64, "i8": types.int8, "i32": types.int32,
    "i64": types.int64, "f32": types.float32, "f64": types.float64,
}  # fmt: skip
# Arrays a kernel only reads are declared read-only: Arrow buffers are, and writable arrays convert to it.
TYPES = {"void": types.void, **_SCALARS} | {
    f"{name}_{use}{'' if dimensions == 1 else dimensions}": types.Array(scalar, dimensions, "C", readonly=use == "in")
    for name, scalar in _SCALARS.items()
    for use in ("in", "out")
    for dimensions in (1, 2)
}


def parse(signature: str, names: Mapping[str, Any]) -> Any:
    """The Numba signature that a string names. names : where its named tuples are found, those of a module, say."""

    def resolve(node: ast.expr) -> Any:
        if isinstance(node, ast.Name) and node.id in TYPES:
            return TYPES[node.id]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            parts = [resolve(part) for part in node.args]
            if node.func.id in TYPES:
                return TYPES[node.func.id](*parts)
            made = names.get(node.func.id)
            if isinstance(made, type) and issubclass(made, tuple) and len(made._fields) == len(parts):
                return types.BaseTuple.from_types(parts, made)
        raise TypeError(f"{ast.unparse(node)!r} is no type of a kernel's signature: {signature!r}")

    return resolve(ast.parse(signature, mode="eval").body)


def _read_only(kind: Any) -> list[int]:
    """Fields of a named tuple's type that are read-only arrays."""
    return [at for at, field in enumerate(kind) if isinstance(field, types.Array) and not field.mutable]


def _sealed(argument: Any, places: list[int]) -> Any:
    """A named tuple with read-only views in some places: Numba converts arrays by themselves, but none in a tuple."""
    writable = [at for at in places if argument[at].flags.writeable]
    if not writable:
        return argument
    fields = list(argument)
    for at in writable:
        fields[at] = fields[at].view()
        fields[at].setflags(write=False)
    return type(argument)(*fields)


class Kernel:
    """A function of arrays, scalars and named tuples of them, compiled once. Kernels do not call each other."""

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.signature = signature
        self.dispatcher = njit(**_OPTIONS)(function)
        self.dispatcher._cache = KernelCache(function)
        self.ready = False
        tuples = [(at, kind) for at, kind in enumerate(signature.args) if isinstance(kind, types.BaseTuple)]
        self._sealed = [(at, kind.instance_class, _read_only(kind)) for at, kind in tuples if _read_only(kind)]
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Run it; arrays of another type or layout than the signature's are refused."""
        if not self.ready:
            self.compile()
        if not self._sealed:
            return self.dispatcher(*arguments)
        given = list(arguments)
        for at, kind, places in self._sealed:
            if isinstance(given[at], kind):  # Numba refuses anything else
                given[at] = _sealed(given[at], places)
        return self.dispatcher(*given)

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


def kernel(signature: str) -> Callable[[Callable[..., Any]], Kernel]:
    """Make a kernel of a function, with one explicit signature."""

    def decorate(function: Callable[..., Any]) -> Kernel:
        made = Kernel(function, parse(signature, function.__globals__))
        KERNELS.append(made)
        return made

    return decorate


inline = njit(inline="always", **_OPTIONS)
# Larger helpers that several kernels call once a prompt: compiled once a process and linked, not pasted into each.
shared = njit(**_OPTIONS)
