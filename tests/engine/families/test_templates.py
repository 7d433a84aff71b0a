"""Template families: frames planted around slots of all kinds, their variants, and honest text left alone."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from gauger.engine.common import threads
from gauger.engine.common.settings import GRAM_WIDTH
from gauger.engine.families.frames import Frames, Matcher
from gauger.engine.families.templates import _merge_alike, learn
from tests.engine import worlds
from tests.engine.frame_worlds import (
    PLACES,
    adjusted_rand_index,
    framed,
    frames_of,
    grams_of,
    lists_of,
    measured,
    world,
)

MEMBERS_MIN = 8


def learnt(texts: list[str], members_min: int = MEMBERS_MIN) -> tuple[Frames, np.ndarray]:
    """Frames of texts and the label of each text."""
    grams, _ = measured(texts)
    frames = learn(grams, members_min)
    return frames, Matcher(frames).match(grams)


def test_the_yardstick_itself() -> None:
    assert adjusted_rand_index([0, 0, 1, 1], [7, 7, 3, 3]) == 1.0
    assert adjusted_rand_index([0, 0, 0], [4, 4, 4]) == 1.0
    assert adjusted_rand_index([0, 0, 1, 1], [0, 1, 0, 1]) == pytest.approx(-0.5)


@pytest.mark.parametrize("place", PLACES)
def test_frames_are_found_wherever_they_stand(place: str) -> None:
    texts, truth = (np.asarray(column) for column in world(PLACES.index(place), place))
    found = learnt(texts.tolist())[1]
    planted = truth >= 0
    assert adjusted_rand_index(truth[planted].tolist(), found[planted].tolist()) >= 0.95
    members = [truth[found == label].tolist() for label in set(found.tolist()) - {-1}]
    assert sum(Counter(own).most_common(1)[0][1] for own in members) / sum(map(len, members)) >= 0.98
    assert np.mean(found[~planted] >= 0) <= 0.01


def test_other_scripts_have_frames_too_and_numbers_break_none() -> None:
    words = worlds.Words(11)
    frame = "составьте подробный ответ на вопрос ниже и объясните каждый шаг рассуждения простыми словами".split()
    texts = [framed(words, frame, "head", 120) for _ in range(40)]
    assert learnt([*texts, *(words.text(60) for _ in range(300))])[1].tolist() == [0] * 40 + [-1] * 300
    asked = "question {} of {}: choose one of the {} options below and say why\n{}"
    texts = [asked.format(i, i * 37, i % 7, words.text(150)) for i in range(40)]
    assert len(set(learnt(texts)[1].tolist())) == 1


def test_common_phrases_and_separators_are_no_frames() -> None:
    """Short phrases many people use ("please tell me more about"), and what repeats within a prompt."""
    words = worlds.Words(12)
    openings = [words.text(4) for _ in range(20)]
    texts = [f"{openings[i % 20]} {words.text(15, 120)}" for i in range(1_500)]
    assert np.mean(learnt(texts)[1] >= 0) <= 0.01
    frames, labels = learnt([" <br /><br /> ".join(words.text(8, 20) for _ in range(9)) for _ in range(200)])
    assert len(frames) == 0
    assert np.all(labels == -1)


def test_the_order_of_prompts_changes_nothing() -> None:
    """The caller brings prompts into hash order: the same set gives the same labels to the byte."""
    texts, _ = world(20, "both", families=4)
    seen = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(texts))
        grams, hashes = measured([texts[row] for row in order])
        canonical = np.argsort(hashes)
        taken, of_text = grams.take(canonical), np.empty(len(texts), np.int64)
        of_text[order[canonical]] = Matcher(learn(taken, MEMBERS_MIN)).match(taken)
        seen.append(of_text.tolist())
    assert seen[0] == seen[1] == seen[2]


def test_splitting_the_prompts_to_be_matched_changes_nothing() -> None:
    texts, _ = world(21, "head", families=4)
    grams, _ = measured(texts)
    matcher = Matcher(learn(grams, MEMBERS_MIN))
    whole = matcher.match(grams)
    parts = [matcher.match(grams.take(part)) for part in np.array_split(np.arange(len(texts)), 7)]
    assert np.array_equal(np.concatenate(parts), whole)
    with threads.use(3):
        assert np.array_equal(matcher.match(grams), whole)


def test_frames_learnt_on_half_label_the_other_half() -> None:
    texts, truth = world(22, "tail", members=40)
    grams, _ = measured(texts)
    half = np.arange(len(texts)) % 2 == 0
    matcher = Matcher(learn(grams.take(np.flatnonzero(half)), MEMBERS_MIN))
    found = matcher.match(grams.take(np.flatnonzero(~half))).tolist()
    expected = [family for family, learnt in zip(truth, half, strict=True) if not learnt]
    assert adjusted_rand_index(expected, found) >= 0.95


def test_families_below_the_smallest_size_are_not_learnt() -> None:
    few, _ = world(23, "head", families=3, members=MEMBERS_MIN - 1)
    assert not np.any(learnt(few)[1] >= 0)
    enough, truth = world(23, "head", families=3, members=MEMBERS_MIN + 4)
    assert np.sum(learnt(enough)[1] >= 0) >= 0.95 * (len(truth) - truth.count(-1))
    words = worlds.Words(25)
    frame = words.some(25)
    # More than the vocabulary's counters count to.
    frames, labels = learnt([framed(words, frame, "head", 40) for _ in range(400)], members_min=300)
    assert (frames.members.tolist(), set(labels.tolist())) == ([400], {0})


def test_frame_grams_are_those_its_members_share() -> None:
    words = worlds.Words(24)
    frame = words.some(25)
    texts = [framed(words, frame, "head", 150) for _ in range(30)]
    frames, _ = learnt(texts)
    held = Counter(gram for mine in lists_of(measured(texts)[0]) for gram in set(mine))
    shared = {gram for gram, number in held.items() if number >= 24}
    assert set(frames.grams_of(0).tolist()) == shared
    assert (frames.sizes.tolist(), frames.members.tolist()) == ([len(shared)], [30])
    assert len(shared) >= GRAM_WIDTH


def honest(seed: int, count: int) -> list[str]:
    """Prompts of nobody's template."""
    words = worlds.Words(seed)
    return [words.text(20, 200) for _ in range(count)]


def assert_told_apart(labels: np.ndarray, truth: Sequence[int]) -> None:
    """Those of a truth have its labels, and whoever comes after them none."""
    assert adjusted_rand_index(list(truth), labels[: len(truth)].tolist()) == 1.0
    assert np.all(labels[len(truth) :] == -1)


def test_variants_that_differ_by_a_sentence_are_told_apart() -> None:
    """Five rewriting prompts: nine tenths of their text is the same, one sentence is not."""
    words = worlds.Words(30)
    head, tail = words.some(90), words.some(45)
    sentences = [words.some(15) for _ in range(5)]
    truth = np.random.default_rng(30).permutation(np.repeat(np.arange(5), 40)).tolist()
    texts = [" ".join([*head, *sentences[one], *tail, *words.some(120)]) for one in truth]
    frames, labels = learnt([*texts, *honest(31, 300)])
    assert_told_apart(labels, truth)
    assert frames.parents.tolist() == [-1, 0, 0, 0, 0, 0]
    assert frames.members.tolist() == [200, *[40] * 5]


@pytest.mark.parametrize("every", [5, 8])
def test_a_variant_most_of_the_family_is_of_has_its_sentence_in_the_frame_too(every: int) -> None:
    words = worlds.Words(51)
    head, sentences = words.some(90), [words.some(15) for _ in range(2)]
    truth = [int(place % every == 0) for place in range(400)]
    frames, labels = learnt([" ".join([*head, *sentences[one], *words.some(120)]) for one in truth])
    assert_told_apart(labels, truth)
    assert frames.parents.tolist() == [-1, 0, 0]
    parent, common, rare = ({*frames.grams_of(frame).tolist()} for frame in (0, *np.argsort(-frames.members[1:]) + 1))
    assert common < parent
    assert not rare & parent


def test_variants_have_variants() -> None:
    """A sentence of two, and after it another of two that only ever follow that one."""
    words = worlds.Words(50)
    head, first = words.some(60), [words.some(15) for _ in range(2)]
    second = [words.some(15) for _ in range(4)]
    truth = [place % 4 for place in range(160)]
    texts = [" ".join([*head, *first[one % 2], *words.some(3), *second[one], *words.some(100)]) for one in truth]
    frames, labels = learnt(texts)
    assert_told_apart(labels, truth)
    assert frames.parents.tolist() == [-1, 0, 0, 1, 1, 2, 2]
    assert frames.members.tolist() == [160, 80, 80, 40, 40, 40, 40]


def test_a_prompt_without_any_variants_sentence_is_of_their_parent() -> None:
    words = worlds.Words(32)
    frame, sentences = words.some(60), [words.some(15) for _ in range(3)]
    texts = [" ".join([*frame, *sentences[place % 3], *words.some(100)]) for place in range(90)]
    grams, _ = measured(texts)
    frames = learn(grams, MEMBERS_MIN)
    unseen = [" ".join([*frame, *words.some(15), *words.some(100)]) for _ in range(20)]
    matcher = Matcher(frames)
    assert set(matcher.match(measured(unseen)[0]).tolist()) == {0}
    assert matcher.match(measured([" ".join(sentences[0])])[0]).tolist() == [-1]
    of_texts = matcher.match(grams)
    assert sorted(set(of_texts.tolist())) == [1, 2, 3]
    assert set(frames.roots()[of_texts].tolist()) == {0}


def test_variants_that_differ_by_the_end_the_frame_stands_at_or_by_an_extra_block() -> None:
    words = worlds.Words(33)
    frame = words.some(30)
    texts = [framed(words, frame, ("head", "tail")[place % 2], 120) for place in range(80)]
    assert_told_apart(learnt([*texts, *honest(34, 200)])[1], [place % 2 for place in range(80)])
    words = worlds.Words(35)
    head, block = words.some(30), words.some(30)
    texts = [" ".join([*head, *(block if place % 4 == 0 else ()), *words.some(120)]) for place in range(160)]
    frames, labels = learnt(texts)
    assert_told_apart(labels, [int(place % 4 == 0) for place in range(160)])
    assert len(frames) >= 2


def test_passages_repeated_under_several_templates_are_in_no_frame() -> None:
    """Each of thirty passages is sent under each of six templates, twice: the templates are the families."""
    words = worlds.Words(36)
    heads, passages = [words.some(30) for _ in range(6)], [words.some(120) for _ in range(30)]
    truth = [family for family in range(6) for _ in range(60)]
    texts = [" ".join([*heads[one], *passages[place % 30], *words.some(4)]) for place, one in enumerate(truth)]
    frames, labels = learnt([*texts, *honest(37, 300)])
    assert_told_apart(labels, truth)
    assert frames.parents.tolist() == [-1] * 6


def test_demonstrations_recombined_under_one_head_are_one_family() -> None:
    words = worlds.Words(38)
    head, shots = words.text(25), [words.text(25) for _ in range(24)]
    texts = []
    for _ in range(200):
        drawn = words.random.choice(24, 4, replace=False)
        texts.append(" ".join([head, *(shots[shot] for shot in drawn), words.text(30)]))
    labels = learnt([*texts, *honest(39, 300)])[1]
    assert_told_apart(labels, [0] * 200)
    assert labels[0] >= 0


def test_ten_times_the_volume_has_the_same_families() -> None:
    """Rules are shares: more prompts of every kind move nobody to another family, and split none."""
    found = []
    for times in (1, 10):
        words = worlds.Words(41)
        frame_words = [words.some(30) for _ in range(4)]
        sentences = [words.some(12) for _ in range(2)]
        texts, truth = list[str](), list[int]()
        for place in range(160 * times):
            family = place % 4
            middle = sentences[place // 4 % 2] if family == 3 else ()
            texts.append(" ".join([*frame_words[family], *middle, *words.some(int(words.random.integers(60, 160)))]))
            truth.append(family + (place // 4 % 2 if family == 3 else 0))
        frames, labels = learnt([*texts, *honest(42, 200 * times)])
        assert adjusted_rand_index(truth, labels[: len(texts)].tolist()) >= 0.98
        found.append(sorted(tuple(frames.grams_of(frame).tolist()) for frame in range(len(frames))))
    assert len(found[0]) == 6
    assert len(found[0]) == len(found[1])
    for one, other in zip(*found, strict=True):
        assert len({*one} & {*other}) >= 0.9 * max(len(one), len(other))


def test_a_frames_members_are_the_prompts_that_hold_it() -> None:
    """Prompts that each lack seven of forty grams are alike, yet not all of them hold what most agree on."""
    random = np.random.default_rng(7)
    prompts = [
        [*np.flatnonzero(random.permutation(40) >= 7).tolist(), *random.integers(1_000, 2**31, 20).tolist()]
        for _ in range(100)
    ]
    frames = learn(grams_of(prompts), MEMBERS_MIN)
    held = Matcher(frames).match(grams_of(prompts)) == 0
    assert 50 < held.sum() < 100
    assert frames.members.tolist() == [held.sum()]


def test_frames_nearly_the_same_become_that_of_the_largest_group() -> None:
    """Four fifths of the larger frame; alike by way of a third is alike; frames of four grams go."""
    sets = [list(range(20)), list(range(4, 24)), list(range(2, 22)), list(range(100, 120)), list(range(105, 125))]
    merged = _merge_alike(frames_of([*sets, [200, 201, 202, 203], []], [10, 10, 12, 5, 6, 90, 90]))
    assert [merged.grams_of(frame).tolist() for frame in range(len(merged))] == [sets[2], sets[3], sets[4]]
    assert merged.members.tolist() == [32, 5, 6]
    assert len(_merge_alike(frames_of([[1, 2, 3]], [50]))) == 0


def test_nothing_is_learnt_of_nothing() -> None:
    for prompts in ([], [[]], [[1, 2, 3], []], [[place * 100 + gram for gram in range(20)] for place in range(30)]):
        frames = learn(grams_of(prompts), MEMBERS_MIN)
        assert len(frames) == 0
        assert Matcher(frames).match(grams_of(prompts)).tolist() == [-1] * len(prompts)
