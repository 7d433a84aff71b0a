"""The bench of families from end to end on made-up sets: labels, rivals, parts, targets, page."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bench.accuracy.agreement import agreement
from bench.families import ours as families_ours
from bench.families import page as families_page
from bench.families import pairs as families_pairs
from bench.families import rivals as families_rivals
from bench.families import run as families
from bench.families import speed as families_speed
from bench.families import targets as families_targets
from bench.families import volume as families_volume
from bench.families.placement import limits, placement
from bench.families.sets import FamilySet
from bench.pages.history import Row

WORDS = [f"{one}{two}{three}" for one in "bdfgklmnprst" for two in ("a", "e", "i", "o", "u") for three in "bdglmnrst"]


@pytest.fixture(scope="module")
def given() -> FamilySet:
    """Grids of two slots among unrelated text."""
    generator = np.random.default_rng(1)
    prompts = [" ".join(WORDS[place] for place in generator.integers(0, len(WORDS), 14)) for _ in range(400)]
    return placement(prompts, "two-slot grid", 2, honest_rows=200)


def test_labels_are_of_the_whole_way(given: FamilySet) -> None:
    found = agreement(families_ours.label(given.prompts), given.truth)
    assert found.f1 > 0.95
    assert families_ours.label([]).tolist() == []


def test_families_are_frames_then_near_duplicates_then_copies(given: FamilySet) -> None:
    one, other = " ".join(WORDS[:30]), " ".join(WORDS[40:70])
    prompts = [*given.prompts, one, one + " more", other, other, "alone in all of this"]
    labels, frames = families_ours.label_families(prompts), families_ours.label(prompts)
    assert np.array_equal(labels[frames >= 0], frames[frames >= 0])
    assert labels[-5] == labels[-4] != labels[-3] == labels[-2] != labels[-1]
    assert not set(labels[-5:]) & set(labels[:-5])


def test_near_duplicates_of_ours_are_labels_too() -> None:
    text = " ".join(WORDS[:30])
    labels = families_ours.label_near([text, " ".join(WORDS[40:70]), text + " more"])
    assert labels[0] == labels[2] != labels[1]


@pytest.mark.parametrize("name", ["Drain3", "datasketch LSH", "rensa LSH"])
def test_rivals_join_what_is_nearly_the_same_and_nothing_else(name: str) -> None:
    entrant = next(one for one in families_rivals.ENTRANTS if one.name == name)
    for package in entrant.packages:
        pytest.importorskip(package)
    same = [" ".join([*WORDS[:40], last]) for last in ("alpha", "beta", "gamma")]
    labels = entrant.label([*same, " ".join(WORDS[100:130])])
    assert len(set(labels[:3].tolist())) == 1
    assert labels[3] != labels[0]


def test_the_best_threshold_stands_for_drain() -> None:
    rows = [
        {"who": who, "f1": f1} for who, f1 in (("Drain3", 0.2), ("Drain3 0.3", 0.1), ("Drain3 0.6", 0.5), ("x", 1.0))
    ]
    found = families_rivals.tuned(rows)
    assert [row["who"] for row in found] == ["Drain3", "x", families_rivals.TUNED]
    assert (found[-1]["threshold"], found[-1]["f1"]) == (0.6, 0.5)
    assert families_rivals.tuned(rows[-1:]) == rows[-1:]


def test_every_rival_row_has_what_the_page_shows(given: FamilySet) -> None:
    part = given.take(np.arange(300))
    entrant = next(one for one in families_rivals.ENTRANTS if one.name == "gauger")
    row = families_rivals.judged(part, entrant)
    page = families_page.measured(_row(rivals=[row | {"peak_bytes": 5_000_000}, row]))
    assert "two-slot grid**, 300 rows" in page
    assert "| gauger |" in page


def test_peak_is_of_the_work_alone() -> None:
    _, rise = families_rivals.peak(lambda: np.ones(4 << 20).sum())
    assert 25e6 < rise < 80e6


def test_speed_has_its_parts(given: FamilySet) -> None:
    row = families_speed.measure(given, 500, lambda _: None, rounds=1)
    assert set(row["seconds"]) == {"pass", "learning", "matching"}
    assert row["each_second"] < row["beyond_the_pass"]
    assert row["frames"] > 0
    assert "500 rows" in families_page.measured(_row(speed=[row]))


def test_volume_knows_the_same_partition(given: FamilySet) -> None:
    rows = {row["variant"]: row for row in families_volume.measure(given, lambda _: None, growth=2)}
    assert rows["as it is"]["same"] == rows["in another order"]["same"] == 1
    assert rows["2 times as much"]["rows"] == 2 * len(given)
    merged = next(row for variant, row in rows.items() if "merged" in variant)
    assert merged["same"] == 1


def test_pairs_by_hand() -> None:
    joined, alike, same = (np.asarray(values, bool) for values in ([1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0]))
    found = families_pairs.compare(joined, alike, same)
    assert (found["precision"], found["recall"], found["alike_joined"]) == (1, pytest.approx(2 / 3), 0.5)
    assert families_pairs.exact("one two three four", "one two three five") == pytest.approx(1 / 3)


def test_other_benches_are_printed_when_they_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("bench.made_up")
    rows = [{"index": "made up", "recall": 0.99991, "prompts": 1_000_000}]
    monkeypatch.setattr(module, "measure", lambda: rows, raising=False)
    monkeypatch.setitem(sys.modules, "bench.made_up", module)
    monkeypatch.setattr(families, "OTHERS", {"There": "bench.made_up", "Absent": "bench.no_such_bench"})
    found = families.measure_others(lambda _: None)
    page = families_page.measured(_row(others=found))
    assert "| made up | 0.9999 | 1,000,000 |" in page
    assert "Skipped: No module named 'bench.no_such_bench'" in page


def _row(**parts: Any) -> Row:
    head = {"date": "2026-01-01", "commit": "abc", "machine": "a machine", "versions": {"Python": "3"}, "load": 0.0}
    return head | {"command": "python -m bench.families"} | parts


def test_confusions_name_what_is_mixed_up_missed_and_torn() -> None:
    truth = np.repeat([0, 1, 2, 3, -1], 4)
    labels = np.asarray([7, 7, 7, 7, 7, 7, 7, 7, -1, -1, -1, 5, 1, 1, 2, 2, 7, -1, -1, -1])
    nothing = np.zeros(20, str)
    given = FamilySet("made up", "held out", [""] * 20, truth, nothing, names=("a", "b", "c", "d"))
    found = families.confusions(given, labels)
    assert found[0] == "group of 24 wrong pairs: [('a', 4), ('b', 4), ('(no template)', 1)]"
    assert found[1] == "in no group: c, 3 of 4"
    assert found[2:] == ["in several: d, [(1, 2), (2, 2)]", "in several: c, [(-1, 3), (5, 1)]"]
    assert families.confusions(given, np.where(truth < 0, -1, truth)) == []


def test_limits_are_families_of_one_size() -> None:
    generator = np.random.default_rng(1)
    prompts = [" ".join(WORDS[place] for place in generator.integers(0, len(WORDS), 40)) for _ in range(2_000)]
    given = limits(prompts, 6, 9, families=3)
    assert np.bincount(given.truth[given.truth >= 0]).tolist() == [9, 9, 9]
    heads = {tuple(given.prompts[row].split()[:6]) for row in np.flatnonzero(given.truth == 1)}
    assert len(heads) == 1
    rows = [{"words": words, "members": 9, "family_recall": 0.5} for words in (3, 6)]
    assert "| 6 words | 0.5 |" in families_page.measured(_row(limits=rows))


def test_memory_is_measured_in_a_process_of_its_own(given: FamilySet) -> None:
    assert 0 < families_rivals.memory(given.take(np.arange(200)), "gauger") < 1 << 30


def test_targets_are_read_from_the_row(given: FamilySet) -> None:
    labels = np.where(given.truth < 0, -1, given.truth)
    judged = families.judge(given, labels, 1.0)
    names = ("t0", "t0, half B", "gpteacher", families_targets.REAL, "loghub-2k")
    places = [f"placement: {name}" for name in (*families_targets.PLACES, *families_targets.SHAPES)]
    rendered = judged | {"set": "rendered", "sources": families.by_source(given, labels)}
    rendered["sources"]["evol_instruct_rendered"] = rendered["sources"].pop("generated")
    quality = [judged | {"set": name} for name in (*names, *places)] + [rendered]
    rivals = [
        {"set": "loghub-2k", "who": who, "f1": f1}
        for who, f1 in ((families_targets.OURS, 0.9), ("Drain3, tuned", 0.95))
    ]
    row = _row(quality=quality, rivals=rivals, speed=[{"each_second": 90_000.0}])
    text = families_page.targets(row)
    assert text.count("| met |") == len(families_targets.TARGETS) - 2
    assert "-0.0500 | **missed** |" in text
    assert "90,000 | **missed** |" in text
    assert families_page.targets(_row()).count("not measured") == len(families_targets.TARGETS)


def test_page_keeps_what_is_outside_of_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "families.md"
    families_page.write(_row(), path)
    assert path.read_text().startswith("# Families\n")
    path.write_text(
        path.read_text().replace("# Families\n", "# Families\n\nProse of somebody else.\n") + "\nThe end.\n"
    )
    families_page.write(_row(others={"Mine": "a note"}), path)
    text = path.read_text()
    assert "Prose of somebody else." in text
    assert text.endswith("The end.\n")
    assert text.count("## Targets") == 1
    assert "a note" in text
    path.write_text("no markers")
    with pytest.raises(ValueError, match="lacks"):
        families_page.write(_row(), path)


def test_without_corpora_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(families, "corpora_directory", lambda: None)
    assert families.main([]) == 0
    assert "skipped" in capsys.readouterr().out
