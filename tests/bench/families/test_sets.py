"""Sets of families from made-up corpora: who is in them, from which half, under which truth."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.families import sets
from bench.families.placement import BUILDS, placement
from bench.families.volume import grown

WORDS = [f"{one}{two}{three}" for one in "bdfgklmnprst" for two in ("a", "e", "i", "o", "u") for three in "bdglmnrst"]


def sentence(generator: np.random.Generator, words: int = 6) -> str:
    """Words at random."""
    return " ".join(WORDS[place] for place in generator.integers(0, len(WORDS), words))


def written(folder: Path, name: str, prompts: list[str], families: list[str] | None = None) -> None:
    """One corpus on disk."""
    folder.mkdir(exist_ok=True, parents=True)
    columns = {"prompt": prompts, "family": pa.array(families or [None] * len(prompts), pa.string())}
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corpora of a few hundred made-up prompts."""
    root, generator = tmp_path_factory.mktemp("corpora"), np.random.default_rng(1)

    def templated(name: str, families: dict[str, str], rows: int, folder: str = "attack") -> None:
        made = [(family, text.format(sentence(generator))) for family, text in families.items() for _ in range(rows)]
        written(root / folder, name, [text for _, text in made], [family for family, _ in made])

    texts = {f"task{number}": f"{sentence(generator)} {{}} {sentence(generator)}" for number in range(12)}
    templated(sets.T0, texts | {"task0_again": texts["task0"], "bare": "{}"}, 40)
    templated(sets.GPTEACHER, {"tool": "use the tool for {} and nothing else", "codegen": "{}"}, 40)
    templated(
        sets.JUDGE,
        {"judge:a": "rank these answers by quality: {}", "judge:b": "rank these answers by quality: {}"},
        30,
        "benign",
    )
    for name in sets.RENDERED:
        templated(
            name,
            {f"{name}1": "rewrite this prompt please: {} end", f"{name}2": "rewrite this prompt please: {} end"},
            30,
        )
    for name in (*sets.BENIGN, sets.ALPACA):
        folder = root / ("attack" if name == sets.ALPACA else "benign")
        written(folder, name, [sentence(generator, 12) for _ in range(5 if name == sets.BENIGN[0] else 120)])
    lines = [
        (f"{system}:E{kind}", f"{system} event {kind} at {row}")
        for system in "AB"
        for kind in range(2)
        for row in range(9)
    ]
    written(root / "templates", "loghub2k_corrected", [text for _, text in lines], [family for family, _ in lines])
    return root


def test_siblings_are_one_family_and_bare_prompts_none(corpora: Path) -> None:
    whole = sets.t0(corpora)
    assert len(whole) == 14 * 40
    assert whole.raw is not None
    assert (whole.raw.max() + 1, whole.truth.max() + 1) == (14, 12)
    assert np.sum(whole.truth < 0) == 40
    assert np.sum(np.bincount(whole.truth[whole.truth >= 0]) == 80) == 1


def test_halves_share_no_template_and_are_the_whole(corpora: Path) -> None:
    whole, one, other = sets.t0(corpora), sets.t0(corpora, 0), sets.t0(corpora, 1)
    assert (one.role, other.role) == (sets.TUNING, sets.HELD_OUT)
    assert not set(one.prompts) & set(other.prompts)
    assert sorted(one.prompts + other.prompts) == sorted(whole.prompts)
    templates = [len(set(half.truth[half.truth >= 0])) for half in (one, other)]
    assert sum(templates) == 12
    assert min(templates) > 0


def test_rendered_sets_are_never_merged(corpora: Path) -> None:
    found = sets.rendered(corpora, each=10, honest_rows=60)
    assert set(np.bincount(found.truth[found.truth >= 0])) == {10}
    assert len(set(found.truth[found.truth >= 0])) == 2 * len(sets.RENDERED)


def test_mixed_set_has_its_rows_and_only_hand_written_ones_without_a_template(corpora: Path) -> None:
    found = sets.mixed(corpora, 1, each=10, rows_max=600)
    assert len(found) <= 600
    assert set(found.sources[found.truth < 0]) <= {*sets.BENIGN, sets.ALPACA}
    assert {sets.T0, sets.JUDGE, sets.GPTEACHER, *sets.RENDERED} == set(found.sources[found.truth >= 0])
    judges = found.truth[found.sources == sets.JUDGE]
    assert len(set(judges)) == 1
    assert sets.GPTEACHER not in sets.mixed(corpora, 0, each=10, rows_max=600).sources


@pytest.fixture(scope="module")
def hand_written() -> list[str]:
    """Enough prompts for one generated set."""
    generator = np.random.default_rng(2)
    return [sentence(generator, 40) for _ in range(9_000)]


@pytest.mark.parametrize("name", list(BUILDS))
def test_generated_sets_share_nothing_but_frames(name: str, hand_written: list[str]) -> None:
    found = placement(hand_written, name, 3, honest_rows=50)
    assert np.sum(found.truth < 0) == 50
    assert np.bincount(found.truth[found.truth >= 0]).min() >= 30
    assert len(set(found.prompts)) == len(found)


def test_frames_are_where_the_set_says(hand_written: list[str]) -> None:
    ends = {}
    for name in ("head", "tail", "both ends", "middle"):
        found = placement(hand_written, name, 3, honest_rows=50)
        rows = np.flatnonzero(found.truth == 0)
        words = [found.prompts[row].split() for row in rows]
        ends[name] = (len({word[0] for word in words}) == 1, len({word[-1] for word in words}) == 1)
    assert ends == {"head": (True, False), "tail": (False, True), "both ends": (True, True), "middle": (False, False)}


def test_growing_keeps_rows_frames_and_families_and_shuffles_hand_written_ones(corpora: Path) -> None:
    given = sets.rendered(corpora, each=10, honest_rows=60)
    large = grown(given, 3 * len(given))
    assert len(large) == 3 * len(given)
    assert set(given.prompts) <= set(large.prompts)
    templated = [text for text, family in zip(large.prompts, large.truth, strict=True) if family >= 0]
    assert all(text.startswith("rewrite this prompt please: ") and text.endswith(" end") for text in templated)
    honest = {
        " ".join(sorted(text.split())) for text, family in zip(large.prompts, large.truth, strict=True) if family < 0
    }
    assert honest == {
        " ".join(sorted(text.split())) for text, family in zip(given.prompts, given.truth, strict=True) if family < 0
    }
