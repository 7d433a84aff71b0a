"""The benches over days keep their rows and fill the figure of their name."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.days.command import figure_of, parser_of, run
from bench.pages import history
from bench.pages.markdown import marked
from bench.world.days import Days


@dataclass(frozen=True)
class Row:
    """One world."""

    seed: int


def test_a_row_is_kept_and_its_figure_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "benign").mkdir()
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path))
    page, file = tmp_path / "days.md", tmp_path / "days.jsonl"
    page.write_text(
        "# Days\n\n<!-- figures: drift -->\nold\n<!-- end -->\n\n<!-- figures: weeks -->\nkept\n<!-- end -->\n"
    )
    parser = parser_of("drift", "What it measures.", (5, 6), 1_000)

    def measured(*arguments: str) -> None:
        run(
            parser.parse_args(arguments),
            lambda days: [Row(days.seed)],
            lambda row, rows: figure_of(row, " ".join(str(one.seed) for one in rows)),
            file,
        )

    measured()
    assert history.read(file) == []
    measured("--write", str(page))
    commit = history.read(file)[-1]["commit"]
    assert marked(page.read_text()) == {
        "drift": f"1,000 honest calls a day, seeds 5, 6, `{commit}`.\n\n5 6",
        "weeks": "kept",
    }
    assert history.newest(file, ("drift",))["drift"] == [{"seed": 5}, {"seed": 6}]
    assert Days(5, tmp_path, tmp_path).seed == 5
