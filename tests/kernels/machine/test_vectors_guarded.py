"""No kernel leaves its buffers: the kernels' own tests once more, on memory beside pages that nobody may touch.

Each runs in a process of its own, so that a byte too far is a failed test with the name of the one that died.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
OTHERS = (
    "test_cache",
    "test_contracts",
    "test_jit",
    "test_vectors",
    "test_vectors_guarded",
    "test_warm",
    "test_hyperloglog",
)
TESTS = sorted(str(path) for path in HERE.rglob("test_*.py") if path.stem not in OTHERS)
REACH = """
import ctypes
import sys
import numpy as np
from tests.kernels.guarded import guarded
edge, writable, step, writes = sys.argv[1], sys.argv[2] == "writable", int(sys.argv[3]), sys.argv[4] == "write"
values = guarded(np.arange(10, dtype=np.uint8), edge, writable=writable)
byte = ctypes.c_uint8.from_address(values.ctypes.data + step)
print(values.tolist() == [*range(10)], flush=True)
if writes:
    byte.value = 1
print(byte.value)
"""
SCRATCH = """
import os
os.environ["GAUGER_CACHE_DIR"] = "/dev/null"
import numpy as np
from tests.kernels.guarded import Scratch
scratch = Scratch()
from gauger.kernels.machine.jit import Kernel, parse
from gauger.kernels.machine.vectors import load8
def careless(size, past):
    made = np.empty(size, np.uint8)
    address = made.ctypes.data
    found = load8(address + size + past)
    return np.int64(found) + np.int64(made[0]) * 0
careless.__module__ = "tests"
kernel = Kernel(careless, parse("i64(i64, i64)", {}))
print(kernel(64, -1) == 0xCB and scratch.allocated == 1, flush=True)
print(kernel(64, 0))
"""


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in the root of the repository."""
    return subprocess.run([sys.executable, *arguments], cwd=HERE.parents[1], capture_output=True, text=True)


@pytest.mark.parametrize("edge", ["end", "start"])
def test_no_kernel_leaves_its_buffers(edge: str) -> None:
    sizes = str(HERE / "guarded_sizes.py")
    result = ran("-m", "tests.kernels.guarded", edge, sizes, *TESTS, "-k", "not long and not apart]")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert " passed" in result.stdout


@pytest.mark.parametrize(
    ("edge", "access", "step", "act", "dies"),
    [
        ("end", "read-only", 9, "read", False),
        ("end", "read-only", 10, "read", True),
        ("end", "read-only", 9, "write", True),
        ("end", "writable", 9, "write", False),
        ("end", "writable", 10, "write", True),
        ("start", "read-only", 0, "read", False),
        ("start", "writable", -1, "read", True),
    ],
)
def test_the_guard_kills_what_leaves(edge: str, access: str, step: int, act: str, dies: bool) -> None:
    result = ran("-c", REACH, edge, access, str(step), act)
    assert result.stdout.startswith("True")
    assert result.returncode == (-signal.SIGSEGV if dies else 0)


def test_scratch_is_guarded_too() -> None:
    result = ran("-c", SCRATCH)
    assert result.stdout == "True\n"
    assert result.returncode == -signal.SIGSEGV
