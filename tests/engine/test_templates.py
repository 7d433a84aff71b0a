"""Template families: frames planted around long random slots, the matcher's rules, and honest text left alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import comb

import numpy as np
import pytest

from gauger.engine.intake import admit
from gauger.engine.measure import Measurer, WordSketch
from gauger.engine.templates import ATOM_GRAMS, NO_FRAMES, Frames, Grams, Matcher, learn
from tests.engine import worlds

MEMBERS_MIN = 8
PLACES = ("head", "tail", "both", "middle")


def measured(texts: list[str]) -> tuple[Grams, np.ndarray]:
    """Frame grams and prompt hashes (uint32) of texts, in the order given."""
    batch = admit(worlds.batch([worlds.call("a", text, 0) for text in texts])).calls
    measures = Measurer(worlds.SECRET).measure(batch, WordSketch())
    grams = Grams(measures.gram_offsets, measures.grams[: measures.gram_offsets[-1]])
    return grams, (measures.prompt_hashes[:, 0] >> np.uint64(32)).astype(np.uint32)


def framed(words: worlds.Words, frame: list[str], place: str, slot: int) -> str:
    """A prompt of a frame at a place, with fresh slot content."""
    half = len(frame) // 2
    parts = {
        "head": [*frame, *words.some(slot)],
        "tail": [*words.some(slot), *frame],
        "both": [*frame[:half], *words.some(slot), *frame[half:]],
        "middle": [*words.some(slot // 2), *frame, *words.some(slot - slot // 2)],
    }
    return " ".join(parts[place])


def world(
    seed: int, place: str, *, families: int = 6, members: int = 30, honest: int = 500
) -> tuple[list[str], list[int]]:
    """Shuffled prompts and their true family, -1 for honest ones: frames of 20 to 40 words, slots of 100 to 240."""
    words = worlds.Words(seed)
    random = words.random
    texts, truth = [], []
    for family in range(families):
        frame = words.some(int(random.integers(20, 41)))
        texts += [framed(words, frame, place, int(random.integers(100, 241))) for _ in range(members)]
        truth += [family] * members
    texts += [words.text(20, 200) for _ in range(honest)]
    truth += [-1] * honest
    order = random.permutation(len(texts))
    return [texts[row] for row in order], [truth[row] for row in order]


def labels_of(texts: list[str]) -> np.ndarray:
    grams, hashes = measured(texts)
    return Matcher(learn(grams, hashes, MEMBERS_MIN)).match(grams)


def adjusted_rand_index(left: list[int], right: list[int]) -> float:
    """Hubert and Arabie, "Comparing partitions", 1985."""
    pairs = sum(comb(number, 2) for number in Counter(zip(left, right, strict=True)).values())
    a, b = (sum(comb(number, 2) for number in Counter(labels).values()) for labels in (left, right))
    expected = a * b / comb(len(left), 2)
    return (pairs - expected) / ((a + b) / 2 - expected)


def test_the_yardstick_itself() -> None:
    assert adjusted_rand_index([0, 0, 1, 1], [7, 7, 3, 3]) == 1.0
    assert adjusted_rand_index([0, 0, 1, 1], [0, 1, 0, 1]) == pytest.approx(-0.5)


@pytest.mark.parametrize("place", PLACES)
def test_frames_are_found_wherever_they_stand(place: str) -> None:
    texts, truth = world(PLACES.index(place), place)
    found = labels_of(texts).tolist()
    planted = [row for row, family in enumerate(truth) if family >= 0]
    assert adjusted_rand_index([truth[row] for row in planted], [found[row] for row in planted]) >= 0.95
    of_label = defaultdict(list)
    for row, label in enumerate(found):
        if label >= 0:
            of_label[label].append(truth[row])
    pure = sum(Counter(members).most_common(1)[0][1] for members in of_label.values())
    assert pure / sum(map(len, of_label.values())) >= 0.98
    honest = [found[row] >= 0 for row, family in enumerate(truth) if family < 0]
    assert np.mean(honest) <= 0.01


def test_other_scripts_have_frames_too() -> None:
    words = worlds.Words(11)
    frame = "составьте подробный ответ на вопрос ниже и объясните каждый шаг рассуждения простыми словами".split()
    texts = [framed(words, frame, "head", 120) for _ in range(40)]
    assert labels_of([*texts, *(words.text(60) for _ in range(300))]).tolist() == [0] * 40 + [-1] * 300


def test_honest_text_with_common_phrases_is_in_no_family() -> None:
    """Short phrases many people use ("please tell me more about") are no frames."""
    words = worlds.Words(12)
    openings = [words.text(4) for _ in range(20)]
    texts = [f"{openings[i % 20]} {words.text(15, 120)}" for i in range(1_500)]
    assert np.mean(labels_of(texts) >= 0) <= 0.01


def test_numbers_do_not_break_a_frame() -> None:
    words = worlds.Words(13)
    texts = [
        f"question {i} of {i * 37}: choose one of the {i % 7} options below and say why\n{words.text(150)}"
        for i in range(40)
    ]
    assert len(set(labels_of(texts).tolist())) == 1


def partition(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist()) - {-1}}


def test_the_order_of_prompts_changes_nothing() -> None:
    """The caller brings prompts into hash order: the same set gives the same labels to the byte."""
    texts, _ = world(20, "both", families=4)
    seen = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(texts))
        grams, hashes = measured([texts[row] for row in order])
        canonical = np.argsort(hashes)
        taken = grams.take(canonical)
        labels = Matcher(learn(taken, hashes[canonical], MEMBERS_MIN)).match(taken)
        of_text = np.empty(len(texts), np.int64)
        of_text[order[canonical]] = labels
        seen.append(of_text.tolist())
    assert seen[0] == seen[1] == seen[2]


def test_splitting_the_prompts_to_be_matched_changes_nothing() -> None:
    texts, _ = world(21, "head", families=4)
    grams, hashes = measured(texts)
    matcher = Matcher(learn(grams, hashes, MEMBERS_MIN))
    whole = matcher.match(grams)
    parts = [matcher.match(grams.take(part)) for part in np.array_split(np.arange(len(texts)), 7)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(matcher.match(grams, workers=3), whole)


def test_frames_learnt_on_half_label_the_other_half() -> None:
    texts, truth = world(22, "tail", members=40)
    grams, hashes = measured(texts)
    half = np.arange(len(texts)) % 2 == 0
    matcher = Matcher(learn(grams.take(np.flatnonzero(half)), hashes[half], MEMBERS_MIN))
    found = matcher.match(grams.take(np.flatnonzero(~half))).tolist()
    expected = [family for family, learnt in zip(truth, half, strict=True) if not learnt]
    assert adjusted_rand_index(expected, found) >= 0.95


def test_families_below_the_smallest_size_are_not_learnt() -> None:
    few, _ = world(23, "head", families=3, members=MEMBERS_MIN - 1)
    assert not np.any(labels_of(few) >= 0)
    enough, truth = world(23, "head", families=3, members=MEMBERS_MIN + 4)
    assert np.sum(labels_of(enough) >= 0) >= 0.95 * (len(truth) - truth.count(-1))


def frames_of(sets: list[list[int]], members: list[int]) -> Frames:
    """Frames from their grams, in postings form."""
    distinct = sorted({gram for grams in sets for gram in grams})
    postings = [[frame for frame, grams in enumerate(sets) if gram in grams] for gram in distinct]
    return Frames(
        np.asarray(distinct, np.uint32),
        np.concatenate([[0], np.cumsum([len(frames) for frames in postings])]).astype(np.int64),
        np.asarray([frame for frames in postings for frame in frames], np.int32),
        np.asarray([len(grams) for grams in sets], np.int64),
        np.asarray(members, np.int64),
    )


def grams_of(sets: list[list[int]]) -> Grams:
    offsets = np.concatenate([[0], np.cumsum([len(grams) for grams in sets])]).astype(np.int64)
    return Grams(offsets, np.asarray([gram for grams in sets for gram in grams], np.uint32))


def test_a_prompt_is_matched_when_it_holds_four_fifths_of_a_frame() -> None:
    matcher = Matcher(frames_of([list(range(10))], [50]))
    prompts = [list(range(10)), list(range(8)), list(range(7)), [99, *range(2, 10), 98], []]
    assert matcher.match(grams_of(prompts)).tolist() == [0, 0, -1, 0, -1]


def test_of_nested_frames_the_more_specific_one_wins_however_small_its_family() -> None:
    outer, inner = list(range(10)), list(range(30))
    matcher = Matcher(frames_of([outer, inner], [1_000, 8]))
    assert matcher.match(grams_of([list(range(30)), list(range(12))])).tolist() == [1, 0]


def test_of_crossing_frames_the_larger_family_wins() -> None:
    left, right = list(range(12)), list(range(9, 24))
    prompt = list(range(24))
    assert Matcher(frames_of([left, right], [40, 20])).match(grams_of([prompt])).tolist() == [0]
    assert Matcher(frames_of([left, right], [20, 40])).match(grams_of([prompt])).tolist() == [1]


def test_no_frames_match_nothing() -> None:
    assert Matcher(NO_FRAMES).match(grams_of([[1, 2, 3], []])).tolist() == [-1, -1]
    nothing = learn(grams_of([]), np.zeros(0, np.uint32), MEMBERS_MIN)
    assert len(nothing) == 0


def test_frame_grams_are_those_its_members_share() -> None:
    words = worlds.Words(24)
    frame = words.some(25)
    texts = [framed(words, frame, "head", 150) for _ in range(30)]
    grams, hashes = measured(texts)
    frames = learn(grams, hashes, MEMBERS_MIN)
    assert len(frames) == 1
    held = [set(grams.values[grams.offsets[i] : grams.offsets[i + 1]].tolist()) for i in range(30)]
    shared = {gram for gram, number in Counter(gram for prompt in held for gram in prompt).items() if number >= 24}
    assert set(frames.grams_of(0).tolist()) == shared
    assert frames.sizes.tolist() == [len(shared)]
    assert frames.members.tolist() == [30]
    assert len(shared) >= ATOM_GRAMS


def test_taking_grams_keeps_each_prompts_own() -> None:
    sets = [[1, 2, 3], [], [4], [5, 6]]
    taken = grams_of(sets).take(np.asarray([3, 1, 0, 3]))
    assert [taken.values[a:b].tolist() for a, b in zip(taken.offsets, taken.offsets[1:], strict=False)] == [
        [5, 6], [], [1, 2, 3], [5, 6],
    ]  # fmt: skip
