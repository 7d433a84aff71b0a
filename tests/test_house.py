"""House rules, so that nobody has to remember them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("kernels", "engine", "bindings")
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
SOURCES = sorted(path for room in (*ROOMS, "bench", "tests") for path in (ROOT / room).rglob("*.py"))
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in ROOMS]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(module: str) -> str | None:
    if not module.startswith("gauger"):
        return None
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ("engine", "kernels") else "bindings"


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_layers_point_down(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    allowed = ROOMS[: ROOMS.index(room) + 1]
    for module in _imports(ast.parse(path.read_text())):
        assert module.split(".")[0] not in ("bench", "tests", *ROOMS), f"{module} is not how gauger is imported"
        # `gauger` itself is the package root, which re-exports names of every room.
        reached = None if module == "gauger" else _room(module)
        assert reached is None or reached in allowed, f"{room} must not import {module}"


@pytest.mark.parametrize("path", [path for path in PRODUCT if "kernels" in path.parts], ids=_name)
def test_kernels_know_numba_and_numpy_only(path: Path) -> None:
    known = {"__future__", "collections", "math", "typing", "numba", "llvmlite", "numpy", "gauger"}
    if path.name == "cache.py":  # the kernels' own files: the one place where they meet an operating system
        known |= {"contextlib", "hashlib", "os", "stat", "sys", "time"}
    elif path.name in ("jit.py", "warm.py"):
        known |= {"ast", "dataclasses", "functools", "importlib", "pkgutil", "time"}
    outside = {module.split(".")[0] for module in _imports(ast.parse(path.read_text()))} - known
    assert not outside


@pytest.mark.parametrize("path", [path for path in PRODUCT if path.name != "jit.py"], ids=_name)
def test_the_decorator_has_one_home(path: Path) -> None:
    for module in _imports(ast.parse(path.read_text())):
        assert module not in ("numba.njit", "numba.jit", "numba.prange", "numba.vectorize")


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_modules_and_functions_fit_a_screen(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MODULE_LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", PRODUCT, ids=_name)
def test_public_names_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the module has none"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has none"


def test_every_package_is_in_the_hand_written_list() -> None:
    listed = (ROOT / "pyproject.toml").read_text()
    for folder in {path.parent for path in PRODUCT}:
        parts = folder.relative_to(ROOT).parts
        name = ".".join(["gauger", *parts[1:]] if parts[0] == "bindings" else ["gauger", *parts])
        assert f'"{name}"' in listed, f"{name} is missing from packages"


def test_tests_mirror_the_code() -> None:
    rooms = {room: {path.stem for path in (ROOT / room).rglob("*.py")} for room in (*ROOMS, "bench")}
    for path in (ROOT / "tests").rglob("test_*.py"):
        room = path.relative_to(ROOT / "tests").parts[0]
        if room in rooms and path.name != "test_contracts.py":
            subject = path.stem.removeprefix("test_")
            assert any(subject == stem or subject.startswith(f"{stem}_") for stem in rooms[room]) or any(
                (ROOT / room / part).is_dir() for part in (subject, subject.split("_")[0])
            ), f"{_name(path)} tests no module of {room}"


def test_no_leftover_files() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        assert not name.endswith((".orig", ".rej", ".bak", ".pyc", ".tmp", ".log", "~")), name
        assert name.split("/")[0] not in ("build", "dist", "demo-output"), name
