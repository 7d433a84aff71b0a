"""Documents that hold: their commands exist, their snippets run, their files are there, their sentences are short."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gauger.commands.main import main

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench" / "README.md"])
PLAIN = [page for page in PAGES if page.name != "CHANGELOG.md"]
WORDS_MEAN_MAX, WORDS_MAX, LONG_WORDS, LONG_SHARE_MAX = 25, 45, 35, 0.02
ARCHITECTURE_WORDS_MAX = 1_300  # two pages


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str = "") -> list[str]:
    """Fenced blocks of a language, or of any; indented ones for shell commands are found by their lines."""
    return re.findall(rf"^```{language}\w*\n(.*?)^```", page.read_text(), flags=re.S | re.M)


def sentences(page: Path) -> list[str]:
    """What is to be read: without code, tables, headings and what scripts fill in."""
    text = re.sub(r"<!--.*?-->", "", page.read_text(), flags=re.S)
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    lines = [line for line in text.splitlines() if not re.match(r"\s{4,}\S|\s*\||#", line)]
    parts = re.split(r"\n\s*\n|\n\s*(?:[-*]|\d+\.)\s", "\n".join(lines))
    plain = [re.sub(r"\]\([^)]*\)|[`*\[\]]", "", part).replace("\n", " ") for part in parts]
    found = [one for part in plain for one in re.split(r"(?<=[.!?:])\s+(?=[A-Z0-9\"(])", part.strip())]
    return [one for one in found if len(one.split()) > 1]


@pytest.mark.parametrize("page", PLAIN, ids=name_of)
def test_sentences_are_short(page: Path) -> None:
    lengths = {one: len(one.split()) for one in sentences(page)}
    longest = max(lengths, key=lambda one: lengths[one])
    assert lengths[longest] <= WORDS_MAX, longest
    long = [one for one, number in lengths.items() if number > LONG_WORDS]
    assert len(long) <= max(1, LONG_SHARE_MAX * len(lengths)), long
    assert sum(lengths.values()) / len(lengths) <= WORDS_MEAN_MAX


def test_architecture_fits_two_pages() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().split()) <= ARCHITECTURE_WORDS_MAX


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_and_modules_named_are_there(page: Path) -> None:
    text = page.read_text()
    if page.name != "CHANGELOG.md":
        for path in re.findall(r"(?<![\w/.])((?:engine|kernels|bindings|bench|tests|docs)/[\w/]+\.\w+)", text):
            assert (ROOT / path).exists(), path
        for target in re.findall(r"\]\(([\w./-]+?\.\w+)(?:#[\w-]*)?\)", text):
            assert (page.parent / target).exists(), target
        for module in re.findall(r"python -m (bench[\w.]*|tests[\w.]*)", text):
            assert importlib.util.find_spec(module) is not None, module


def shell(page: Path) -> list[str]:
    """Lines of a page that call gauger."""
    text = page.read_text().replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if re.match(r"\s*(\$ )?gauger [a-z]", line)]


@pytest.mark.parametrize("page", [page for page in PLAIN if shell(page)], ids=name_of)
def test_commands_and_their_options_exist(page: Path) -> None:
    assert isinstance(main, click.Group)
    for line in shell(page):
        command: click.Command = main
        for word in line.removeprefix("$ ").split()[1:]:
            if isinstance(command, click.Group):
                command = command.commands[word]
        known = {option for one in command.params for option in one.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= known, line


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_the_readmes_and_the_librarys_python_runs(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    made = "from pathlib import Path; from gauger.simulate import simulate; import shutil; "
    made += f"paths = simulate(Path({str(tmp_path / 'made')!r}), calls=3000, seed=1, reference_calls=500); "
    made += f"Path({str(logs)!r}).mkdir(); shutil.copy(paths.day, {str(logs / '2026-03-16.parquet')!r})"
    subprocess.run([sys.executable, "-c", made], check=True)
    pages = (ROOT / "README.md", ROOT / "docs" / "guide" / "library.md")
    for block in (block for page in pages for block in blocks(page, "python")):
        result = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr[-2000:]
