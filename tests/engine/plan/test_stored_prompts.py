"""Prompts on disk are those of a state that saw the same calls, whatever the units and wherever a run stops."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common import shards, threads
from gauger.engine.common.settings import Settings
from gauger.engine.families import near_duplicates
from gauger.engine.families.families import Groups, group_prompts
from gauger.engine.families.matching import Matched
from gauger.engine.families.prompts import KeptPrompts
from gauger.engine.plan import measure, stored_prompts
from gauger.engine.plan.stored_prompts import StoredPrompts, load_groups, save_groups
from gauger.engine.segments.work import Work
from tests.engine import calls, worlds
from tests.engine.plan.working import measured, parts_of, working

SETTINGS = Settings(template_sample=60)  # of some 130 prompts: two units of four
COLUMNS = ("hashes", "signatures", "words", "calls")


def some_prompts() -> list[str]:
    words = worlds.Words(3)
    frame, repeated = words.some(30), words.text(20)
    prompts = [" ".join([*frame, *words.some(100)]) for _ in range(40)]
    edited = [words.edited(base, 1) for base in (words.text(60) for _ in range(10)) for _ in range(2)]
    return [*prompts, *[repeated] * 3, *edited, *(words.text(25) for _ in range(70))]


def some_calls() -> list[calls.Call]:
    """Calls in which prompts come back in other blocks, segments and files."""
    prompts = some_prompts()
    found = calls.some_calls(2 * len(prompts), accounts=9, seed=5)
    order = np.random.default_rng(2).permutation(2 * len(prompts)) % len(prompts)
    return [{**call, "prompt_text": prompts[place]} for call, place in zip(found, order.tolist(), strict=True)]


CALLS = some_calls()
TABLE = KeptPrompts(calls.state_of(CALLS, batch=40).prompts)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    monkeypatch.setattr(measure, "SEGMENT_ROWS", 90)
    monkeypatch.setattr(measure, "BLOCK_ROWS", 25)
    monkeypatch.setattr(shards, "_UNIT_CALLS", 70)
    with working(tmp_path / "work") as found:
        measured(found, parts_of(CALLS, rows=30))
        yield found


def assert_same_matches(found: Matched, expected: Matched) -> None:
    np.testing.assert_array_equal(found.labels, expected.labels)
    for mine, theirs in ((found.slots, expected.slots), (found.matcher.frames, expected.matcher.frames)):
        for name, values in vars(theirs).items():
            np.testing.assert_array_equal(getattr(mine, name), values, err_msg=name)


def assert_same_groups(found: Groups, expected: Groups) -> None:
    for name in ("of_prompt", "kinds", "signatures", "calls", "of_frame"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


@pytest.mark.parametrize("units", [1, 4, 64])
@pytest.mark.parametrize("cut", [7, 65_536])
def test_prompts_are_those_of_the_state(units: int, cut: int, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_prompts, "_SLICE", cut)
    found, expected = StoredPrompts(work, units), TABLE.matched(SETTINGS)
    with threads.use(2):
        assert_same_matches(found.matched(SETTINGS), expected)
    assert (expected.labels >= 0).sum() == 40
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(TABLE, name), err_msg=name)
        assert getattr(found, name).dtype == getattr(TABLE, name).dtype
    assert list(work.path.glob("segments/*.prompts")) == []


def test_a_run_that_stops_goes_on_with_the_next_unit_and_bands(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped at every file it writes; each time one file more is there, and in the end the groups are the same."""
    expected = group_prompts(TABLE, calls.SECRET.key, SETTINGS)
    written: list[Path] = []
    write = stored_prompts.write_arrays

    def stopping(path: Path, arrays: dict[str, np.ndarray]) -> None:
        write(path, arrays)
        written.append(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(stored_prompts, "write_arrays", stopping)
    while True:
        try:
            found = group_prompts(StoredPrompts(work, 4), calls.SECRET.key, SETTINGS)
            break
        except KeyboardInterrupt:
            assert len(written) <= 50
    names = [path.name for path in written]
    units = [f"prompts-{number:02d}.arrays" for number in range(4)]
    assert names == [*units, "matched.arrays", *["forest.arrays"] * (near_duplicates.banding.BANDS // 2)]
    assert_same_groups(found, expected)
    assert set(expected.kinds.tolist()) == {0, 1, 2}


def test_groups_survive_being_saved(tmp_path: Path) -> None:
    groups = group_prompts(TABLE, calls.SECRET.key, SETTINGS)
    save_groups(tmp_path / "groups.arrays", groups)
    found = load_groups(tmp_path / "groups.arrays")
    assert_same_groups(found, groups)
    labels = np.zeros(0, np.int32)
    assert_same_matches(Matched(labels, found.matcher, found.slots), Matched(labels, groups.matcher, groups.slots))
    grams = TABLE.sample(100)
    np.testing.assert_array_equal(found.matcher.match(grams), groups.matcher.match(grams))
    assert found.similarity == groups.similarity
