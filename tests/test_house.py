"""House rules, so that nobody has to remember them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import gauger

ROOT = Path(__file__).parents[1]
LAYERS = ("kernels", "engine", "bindings")
# The rooms of a layer from the ground up: imports point to the left only. Files beside the rooms stand above them all.
ROOMS = {
    "kernels": ("machine", "sketches", "text", "families", "accounts", "tracing"),
    "engine": (
        "common", "intake", "state", "segments", "families", "statistics", "evidence", "findings", "reference",
        "exchange", "results", "tracing", "serving", "plan", "cluster",
    ),
    "bindings": (
        "sketches", "text", "timestamps", "stores", "logs", "batch", "results", "exports", "exchange", "tracing",
        "simulate", "report", "package", "benchmark", "host", "adapters", "serve", "cluster", "ray", "spark",
        "commands",
    ),
}  # fmt: skip
MODULES_MAX, MODULE_LINES_MAX, FUNCTION_LINES_MAX, ARGUMENTS_MAX = 15, 400, 70, 8
ENGINE_ARROWS_MAX, WORKERS_SIGNATURES_MAX = 70, 8
SOURCES = sorted(path for room in (*LAYERS, "bench", "tests") for path in (ROOT / room).rglob("*.py"))
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in LAYERS]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def home(module: str) -> tuple[str, str | None] | None:
    """Layer and room of an imported module of the product; the room is None for a file beside the rooms."""
    parts = module.split(".")
    if parts[0] != "gauger" or len(parts) == 1:
        return None
    layer, inside = (parts[1], parts[2:]) if parts[1] in ("engine", "kernels") else ("bindings", parts[1:])
    return layer, inside[0] if inside and inside[0] in ROOMS[layer] else None


def arrows() -> set[tuple[tuple[str, str | None], tuple[str, str | None]]]:
    """Between rooms: whose files import whose."""
    found = set()
    for path in PRODUCT:
        layer, *inside = path.relative_to(ROOT).parts
        here = (layer, inside[0] if len(inside) > 1 else None)
        there = {home(module) for module in imports(ast.parse(path.read_text()))}
        found |= {(here, room) for room in there if room is not None and room != here and room[1] is not None}
    return found


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_layers_point_down(path: Path) -> None:
    layer = path.relative_to(ROOT).parts[0]
    for module in imports(ast.parse(path.read_text())):
        assert module.split(".")[0] not in ("bench", "tests", *LAYERS), f"{module} is not how gauger is imported"
        reached = home(module)
        assert reached is None or LAYERS.index(reached[0]) <= LAYERS.index(layer), f"{layer} must not import {module}"


def test_rooms_point_to_those_below() -> None:
    """One way only, so there are no circles; and few enough to draw."""
    for (layer, here), (other, there) in arrows():
        if layer == other and here is not None and there is not None:
            assert ROOMS[layer].index(there) < ROOMS[layer].index(here), f"{layer}/{here} must not import {there}"
    assert len({pair for pair in arrows() if pair[0][0] == pair[1][0] == "engine"}) <= ENGINE_ARROWS_MAX


@pytest.mark.parametrize("layer", LAYERS)
def test_rooms_are_those_named_here(layer: str) -> None:
    folders = {path.parent.relative_to(ROOT / layer).parts[0] for path in (ROOT / layer).rglob("*/*.py")}
    assert folders == set(ROOMS[layer])


@pytest.mark.parametrize("path", [path for path in PRODUCT if "kernels" in path.parts], ids=name_of)
def test_kernels_know_numba_and_numpy_only(path: Path) -> None:
    known = {"__future__", "collections", "math", "typing", "numba", "llvmlite", "numpy", "gauger"}
    if path.name == "cache.py":  # the kernels' own files: the one place where they meet an operating system
        known |= {"contextlib", "hashlib", "os", "stat", "sys", "time"}
    elif path.name in ("jit.py", "warm.py"):
        known |= {"ast", "dataclasses", "functools", "importlib", "pkgutil", "time"}
    outside = {module.split(".")[0] for module in imports(ast.parse(path.read_text()))} - known
    assert not outside


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_the_decorator_and_threads_have_one_home_each(path: Path) -> None:
    for module in imports(ast.parse(path.read_text())):
        if path.name != "jit.py":
            assert module not in ("numba.njit", "numba.jit", "numba.prange", "numba.vectorize")
        if path.name not in ("threads.py", "stages.py"):
            assert not module.startswith(("concurrent.futures.ThreadPool", "threading.Thread")), "use common.threads"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_modules_and_functions_fit_a_screen(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MODULE_LINES_MAX
    for function in functions(ast.parse(text)):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        assert lines <= FUNCTION_LINES_MAX, f"{function.name} has {lines} lines"
        assert len(arguments(function)) <= ARGUMENTS_MAX, f"{function.name} takes {len(arguments(function))} arguments"


def test_folders_have_few_doors() -> None:
    modules: dict[Path, int] = {}
    for path in SOURCES:
        modules[path.parent] = modules.get(path.parent, 0) + (path.name != "__init__.py")
    assert {name_of(folder): number for folder, number in modules.items() if number > MODULES_MAX} == {}


def test_the_number_of_threads_travels_in_few_signatures() -> None:
    carrying = [
        f"{name_of(path)}: {function.name}"
        for path in PRODUCT
        for function in functions(ast.parse(path.read_text()))
        if "workers" in arguments(function)
    ]
    assert len(carrying) <= WORKERS_SIGNATURES_MAX, carrying


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_public_names_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the module has none"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has none"


def test_public_names_are_used() -> None:
    """By another module of the product, by a bench, or by users; what only tests use protects nobody."""
    texts = {path: path.read_text() for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"}
    words = {path: set(re.findall(r"\w+", text)) for path, text in texts.items()}
    dead = []
    for path in PRODUCT:
        for node in ast.parse(texts[path]).body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            alone = not any(node.name in found for other, found in words.items() if other != path)
            command = any(isinstance(one, ast.Call) for one in node.decorator_list)  # a kernel, a command line
            used_here = len(re.findall(rf"\b{node.name}\b", texts[path])) > 1
            if alone and not used_here and not command and node.name not in gauger.__all__:
                dead.append(f"{name_of(path)}: {node.name}")
    assert dead == []


def test_every_package_is_in_the_hand_written_list() -> None:
    listed = (ROOT / "pyproject.toml").read_text()
    for folder in {path.parent for path in PRODUCT}:
        layer, *inside = folder.relative_to(ROOT).parts
        name = ".".join(["gauger", *inside] if layer == "bindings" else ["gauger", layer, *inside])
        assert f'"{name}"' in listed, f"{name} is missing from packages"


def test_tests_mirror_the_code() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        layer, *inside = path.relative_to(ROOT / "tests").parts
        if layer not in (*LAYERS, "bench"):
            continue
        folder, subject = ROOT.joinpath(layer, *inside[:-1]), path.stem.removeprefix("test_")
        assert folder.is_dir(), f"{name_of(path)} is of a folder that {layer} has not"
        known = {one.stem for one in folder.iterdir()} | {folder.name, "contracts", "guide"}
        assert any(subject == one or subject.startswith(f"{one}_") for one in known), f"{name_of(path)} tests nothing"


def test_one_version_number() -> None:
    version = gauger.__version__
    holders = [name_of(path) for path in (*PRODUCT, ROOT / "pyproject.toml") if f'"{version}"' in path.read_text()]
    assert len(holders) == 1, holders


def tracked() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_no_leftover_files() -> None:
    for name in tracked():
        assert not name.endswith((".orig", ".rej", ".bak", ".pyc", ".tmp", ".log", "~")), name
        assert name.split("/")[0] not in ("build", "dist", "demo-output"), name


def test_nothing_cites_what_is_not_here() -> None:
    elsewhere = re.compile(r"\bDESIGN(?:\.md)?\b|\bSTYLE\.md\b")
    for name in tracked():
        if name.endswith((".py", ".md", ".toml")) and name != "tests/test_house.py":
            assert not elsewhere.search((ROOT / name).read_text()), name
