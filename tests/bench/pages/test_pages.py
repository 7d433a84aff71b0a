"""Pages hold what was measured: every figure stands in its page as its results give it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.detection import page as detection
from bench.pages import history
from bench.pages.__main__ import DOCUMENTS, PAGES
from bench.pages.markdown import filled, marked, percent, spread, table

PAGE = "# Title\n\n<!-- figures: one, a -->\nold\n<!-- end -->\n\nProse.\n\n<!-- figures: other -->\n<!-- end -->\n"


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_of_a_page_is_filled_from_the_results(name: str) -> None:
    page, figures = (DOCUMENTS / f"{name}.md").read_text(), PAGES[name]()
    assert marked(page).keys() == figures.keys()
    for figure, text in figures.items():
        assert marked(page)[figure] == text.strip(), f"{figure}: run python -m bench.pages {name}"


def test_prose_stays_and_figures_are_replaced() -> None:
    page = filled(PAGE, {"one, a": "new\n"})
    assert marked(page) == {"one, a": "new", "other": ""}
    assert page == filled(page, {"one, a": "new"})
    assert page.replace("\nnew\n\n", "old\n") == PAGE
    with pytest.raises(ValueError, match="the page lacks <!-- figures: absent -->"):
        filled(PAGE, {"absent": "x"})


def test_tables_and_cells() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert percent(None) == spread([]) == "-"
    assert (spread([0.5, 0.5]), spread([0.5, 0.75, 1.0])) == ("50.0", "75.0 (50.0-100.0)")


def test_a_page_of_nothing_measured_has_no_figures_but_what_it_wants(tmp_path: Path) -> None:
    assert list(detection.figures(tmp_path / "absent.jsonl")) == ["runs"]


def test_recorded_rows_were_only_added_to() -> None:
    for file in history.RESULTS.glob("*.jsonl"):
        path = f"bench/results/{file.name}"
        ran = subprocess.run(
            ["git", "show", f"HEAD:{path}"], cwd=DOCUMENTS, capture_output=True, text=True, check=False
        )
        assert ran.returncode or file.read_text().startswith(ran.stdout), path
        assert all(isinstance(json.loads(line), dict) for line in file.read_text().splitlines())


def test_pages_are_filled_by_a_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.pages", "--help"], cwd=DOCUMENTS.parent, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
