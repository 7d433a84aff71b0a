"""What a bench ran on: processor, memory, versions."""

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("gauger", "numpy", "numba", "pyarrow", "faiss-cpu")
RIVALS = ("datasketch", "datasketches", "drain3", "duckdb", "gaoya", "HLL", "polars", "rensa", "xxhash")


def machine() -> str:
    """Processor model, cores this process may use, and memory, in one line."""
    model = _field(Path("/proc/cpuinfo"), "model name") or platform.machine()
    memory = _field(Path("/proc/meminfo"), "MemTotal")
    size = f"{int(memory.split()[0]) / 1024**2:.0f} GiB" if memory else "unknown"
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {size} of memory, Linux {platform.release()}"


def versions() -> str:
    """Python and the packages whose speed is in the figures."""
    return ", ".join(f"{name} {number}" for name, number in installed().items())


def installed() -> dict[str, str]:
    """The same by name."""
    found = {"Python": platform.python_version()}
    for name in (*PACKAGES, *RIVALS):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def load() -> float:
    """Processes that wanted a core in the last minute, in the mean: much above zero before a bench spoils it."""
    return os.getloadavg()[0]


def _field(path: Path, name: str) -> str | None:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
