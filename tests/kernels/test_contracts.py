"""What every kernel promises, asked of all of them: whoever adds one adds its file, its twin and its test, no list."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from numba import types

import gauger.kernels
from gauger.kernels import warm
from gauger.kernels.machine.jit import KERNELS, Kernel, parse

TESTS = Path(__file__).parent
ARGUMENTS_MAX = 8
# Asked of what the packages hold and not of ``warm``, so that one that warm-up misses shows.
MODULES = [
    importlib.import_module(found.name) for found in pkgutil.walk_packages(gauger.kernels.__path__, "gauger.kernels.")
]
OWN = {
    f"{module.__name__.removeprefix('gauger.kernels.')}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, Kernel) and value.__module__ == module.__name__
}
each_kernel = pytest.mark.parametrize("kernel", [*OWN.values()], ids=[*OWN])


def test_every_kernel_is_warmed() -> None:
    assert len(OWN) > 60
    assert {id(kernel) for kernel in OWN.values()} == {
        id(kernel) for kernel in warm.KERNELS if "gauger." in kernel.__module__
    }
    assert warm.KERNELS is KERNELS


@each_kernel
def test_its_signature_is_explicit_and_short(kernel: Kernel) -> None:
    parameters = inspect.signature(kernel.__wrapped__).parameters
    assert len(kernel.signature.args) == len(parameters) <= ARGUMENTS_MAX
    for kind in kernel.signature.args:
        for one in kind if isinstance(kind, types.BaseTuple) else [kind]:
            assert isinstance(one, types.Array | types.Integer | types.Float), one
            assert getattr(one, "layout", "C") == "C"


@each_kernel
def test_it_releases_the_gil_starts_no_threads_and_keeps_the_order_of_sums(kernel: Kernel) -> None:
    options = kernel.dispatcher.targetoptions
    assert options["nogil"] is True
    assert not options.get("parallel", False)
    assert not options.get("fastmath", False)


@each_kernel
def test_its_docstring_names_what_it_takes(kernel: Kernel) -> None:
    text = kernel.__doc__ or ""
    for name in inspect.signature(kernel.__wrapped__).parameters:
        assert re.search(rf"\b{name}\b", text), f"{name} is not explained"
    for kind in kernel.signature.args:
        if isinstance(kind, types.BaseTuple):
            assert kind.instance_class.__doc__, kind
            assert not kind.instance_class.__doc__.startswith(f"{kind.instance_class.__name__}("), "no docstring"


@each_kernel
def test_its_tests_ask_a_twin(kernel: Kernel) -> None:
    """By convention: the tests of its room call it by name, on the arrays that they give the twin."""
    text = "".join(path.read_text() for path in TESTS.rglob("*.py") if path != Path(__file__))
    assert re.search(rf"\b{kernel.__name__}\b", text), "no test of the kernels calls it"


@pytest.mark.parametrize("text", ["i64(u9_in)", "i64(Missing(u8_in))", "i64(u8_in", "f(1)", "i64(dict(u8_in))"])
def test_a_signature_of_unknown_names_is_refused(text: str) -> None:
    with pytest.raises((TypeError, SyntaxError)):
        parse(text, {"dict": dict})
