"""The command line of the benches over days."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.days.command import parser_of, run
from bench.world.days import Days


def measure(days: Days) -> list[int]:
    return [days.seed]


def page(rows: list[int]) -> str:
    return f"| seeds |\n| {' '.join(map(str, rows))} |\n"


def test_the_table_goes_between_the_marks_of_its_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "benign").mkdir()
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path))
    target = tmp_path / "days.md"
    others = "<!-- weeks:begin -->\nkept\n<!-- weeks:end -->\n"
    target.write_text(f"# Days\n\n<!-- drift:begin -->\nold\n<!-- drift:end -->\n\n{others}")
    parser = parser_of("bench.days.drift", "What it measures.", (5, 6), 1_000)
    run(parser.parse_args(["--write", str(target)]), measure, page)
    text = target.read_text()
    assert "1,000 honest calls a day, seeds 5, 6, `" in text
    assert "| 5 6 |" in text
    assert "old" not in text
    assert text.endswith(others)
    run(parser.parse_args(["--seeds", "7", "--write", str(target)]), measure, page)
    assert target.read_text().count("honest calls a day") == 1


def test_without_a_page_it_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benign").mkdir()
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path))
    parser = parser_of("bench.days.weeks", "What it measures.", (5,), 1_000)
    run(parser.parse_args([]), measure, page)
    assert capsys.readouterr().out == "| seeds |\n| 5 |\n\n"
    (tmp_path / "bare.md").write_text("no marks")
    with pytest.raises(ValueError, match="the page lacks"):
        run(parser.parse_args(["--write", str(tmp_path / "bare.md")]), measure, page)
