"""Families of small days, recounted naively: which prompt is in which, and every number of the table."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from gauger.engine.engine import Engine
from gauger.engine.families import families
from gauger.engine.families.frames import NO_FRAMES, Matcher
from gauger.engine.families.slots import SlotFigures
from gauger.engine.results.result import Result
from gauger.kernels.sketches import minhash
from tests.engine import worlds
from tests.engine.worlds import Call


def day() -> tuple[list[Call], list[str]]:
    """Calls of every kind of family, and the true label of each: its kind and a name."""
    words = worlds.Words(1)
    random = words.random
    calls, truth = [], []

    def add(prompt: str, label: str) -> None:
        account = int(random.integers(60))
        more: Call = {"client_address": f"10.0.0.{account % 40}" if random.random() < 0.9 else None}
        calls.append(worlds.call(f"account-{account}", prompt, random.uniform(0, 86_000), **more))
        truth.append(label)

    frame = words.some(30)
    template = [" ".join([*frame, *words.some(120)]) for _ in range(40)]
    for prompt in [*template, *template[:10], template[0]]:
        add(prompt, "template")
    for number in range(5):
        base = words.text(60)
        for prompt in [base, base, *(words.edited(base, 1) for _ in range(4))]:
            add(prompt, f"near_duplicate {number}")
    for number in range(6):
        prompt = words.text(4 + number)
        for _ in range(2 + number):
            add(prompt if random.random() < 0.5 else f"  {prompt.upper()}\n", f"exact {number}")
    for _ in range(300):
        add(words.text(5, 60), "single")
    order = random.permutation(len(calls)).tolist()
    return [calls[row] for row in order], [truth[row] for row in order]


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    return day()[0]


@pytest.fixture(scope="module")
def truth() -> list[str]:
    return day()[1]


@pytest.fixture(scope="module")
def result(calls: list[Call]) -> Result:
    return worlds.finished(calls)


def test_each_call_is_in_its_family(result: Result, truth: list[str]) -> None:
    kinds, ids = (result.calls.column(name).to_pylist() for name in ("family_kind", "family_id"))
    assert kinds == [label.split()[0] for label in truth]
    assert all((number is None) == (label == "single") for number, label in zip(ids, truth, strict=True))
    assert len(set(zip(ids, truth, strict=True)) - {(None, "single")}) == len(set(truth)) - 1


def test_repeats_are_calls_of_the_same_normalised_prompt(result: Result, calls: list[Call]) -> None:
    prompts = [one["prompt_text"].strip().lower() for one in calls]
    number = Counter(prompts)
    assert result.calls.column("exact_repeats").to_pylist() == [number[prompt] for prompt in prompts]


def test_every_number_of_the_table_is_a_count(result: Result, calls: list[Call]) -> None:
    members = defaultdict(list)
    for one, family in zip(calls, result.calls.column("family_id").to_pylist(), strict=True):
        members[family].append(one)
    del members[None]
    rows = {row["family_id"]: row for row in result.families.to_pylist()}
    assert set(rows) == set(members)
    for family, own in members.items():
        counted = {
            "calls": len(own),
            "accounts": len({one["account_id"] for one in own}),
            "client_addresses": len({one["client_address"] for one in own} - {None}),
            "distinct_prompts": len({one["prompt_text"].strip().lower() for one in own}),
            "first_seen": min(one["start_time"] for one in own),
            "last_seen": max(one["start_time"] for one in own),
            "elicitation_share": 0.0,
            "template": None,
        }
        assert {name: rows[family][name] for name in counted} == counted


def test_families_that_last_count_from_one_by_first_call_and_the_others_are_negative(result: Result) -> None:
    ids, sizes = result.families.column("family_id").to_pylist(), result.families.column("calls").to_pylist()
    assert ids == sorted(ids)
    assert {number > 0 for number, size in zip(ids, sizes, strict=True) if size >= 5} == {True}
    assert {number < 0 for number, size in zip(ids, sizes, strict=True) if size < 5} == {True}
    lasting = [number for number in ids if number > 0]
    assert lasting == list(range(1, len(lasting) + 1))
    first = result.families.column("first_seen").to_pylist()[-len(lasting) :]
    assert first == sorted(first)


def test_elicitation_is_a_share_of_calls() -> None:
    prompt = "solve this riddle about seven lost sheep step by step for me"
    words = worlds.Words(2)
    calls = [worlds.call(f"a{i}", prompt, i) for i in range(6)]
    calls += [worlds.call(f"b{i}", words.text(20), i) for i in range(6)]
    assert worlds.finished(calls).families.column("elicitation_share").to_pylist() == [1.0]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_calls_and_the_number_of_workers_change_no_family(
    calls: list[Call], result: Result, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(calls))
    again = Engine(secret=worlds.SECRET, workers=2 * seed or 1, streaming=0)
    again.observe(worlds.batch([calls[row] for row in order]), rows=order)
    found = again.finish()
    assert found.families.equals(result.families)
    assert found.calls.column("family_id").equals(result.calls.column("family_id"))


def test_without_addresses_their_number_is_unknown_and_a_day_may_have_no_families() -> None:
    words = worlds.Words(3)
    calls = [worlds.call(f"a{i}", "the very same prompt every time", i) for i in range(6)]
    assert worlds.finished(calls).families.column("client_addresses").to_pylist() == [None]
    result = worlds.finished([worlds.call("a", words.text(20), i) for i in range(50)])
    assert result.families.num_rows == 0
    assert set(result.calls.column("family_kind").to_pylist()) == {"single"}


def sent(prompts: dict[str, int], *, first: int = 0) -> list[Call]:
    """Calls of each prompt, as many as said, prompts in the order given."""
    every = [prompt for prompt, number in prompts.items() for _ in range(number)]
    return [worlds.call(f"a{place % 7}", prompt, first + place) for place, prompt in enumerate(every)]


def ids_of(result: Result, calls: list[Call]) -> dict[str, int]:
    return dict(zip((one["prompt_text"] for one in calls), result.calls.column("family_id").to_pylist(), strict=True))


@pytest.mark.parametrize(
    "prompts",
    [
        {"hello!": 5, "hello?": 9, "hello.": 7, "...": 6, "???": 8, ":-)": 5},
        {mark * number: 5 for mark in "?!." for number in range(1, 7)},  # more than the neighbours FAISS is asked for
    ],
)
def test_short_prompts_of_one_signature_are_families_of_their_own_that_keep_their_ids(prompts: dict[str, int]) -> None:
    """Prompts without words, or equal in all but punctuation, share one signature; they are not one family."""
    calls = sent(prompts)
    engine = worlds.observing(calls)
    first = ids_of(engine.finish(), calls)
    assert len(set(first.values())) == len(prompts)
    assert ids_of(engine.finish(), calls) == first


def test_a_new_short_prompt_does_not_take_anothers_id() -> None:
    early, late = sent({"thank you!": 5}), sent({"thank you?": 9}, first=100)
    engine = worlds.observing(early)
    before = ids_of(engine.finish(), early)
    after = ids_of(worlds.finished(late, engine), [*early, *late])
    assert after["thank you!"] == before["thank you!"] != after["thank you?"]


def test_a_returning_template_gets_its_id_back_and_a_new_one_does_not() -> None:
    words = worlds.Words(4)
    frames = [words.some(30) for _ in range(2)]

    def some_of(frame: int, second: int) -> list[Call]:
        texts = [" ".join([*frames[frame], *words.some(100)]) for _ in range(30)]
        return [worlds.call(f"a{place}", text, second + place) for place, text in enumerate(texts)]

    engine = worlds.observing(some_of(0, 5_000))
    assert engine.finish().families.column("family_id").to_pylist() == [1]
    result = worlds.finished([*some_of(0, 100), *some_of(1, 0)], engine)
    assert result.families.column("family_id").to_pylist() == [1, 2]
    assert result.families.column("calls").to_pylist() == [60, 30]


@pytest.mark.parametrize(("most", "joined"), [(6, [0, 1, 2]), (4, [0, 2])])
def test_halves_that_never_met_are_joined_the_largest_first(
    most: int, joined: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three families in two halves each; where four halves are asked, those of most calls are."""
    monkeypatch.setattr(families, "_JOINED_MAX", most)
    none, unknown = np.zeros(1, np.int64), np.zeros(0)
    halves = np.repeat(np.random.default_rng(4).integers(0, 256, (3, minhash.SLOTS)).astype(np.uint8), 2, axis=0)
    groups = families.Groups(
        of_prompt=np.asarray([0, 1, 2, 3, 4, 5, -1]),
        kinds=np.full(6, families.NEAR_DUPLICATE, np.uint8),
        signatures=halves,
        calls=np.asarray([9, 9, 5, 5, 7, 8]),
        matcher=Matcher(NO_FRAMES),
        of_frame=none[:0],
        slots=SlotFigures(none, none[:0], unknown, unknown, none[:0]),
        similarity=0.7,
    )
    found = families._join_near(groups).of_prompt
    assert found[-1] == -1
    assert [half for half in range(3) if found[2 * half] == found[2 * half + 1]] == joined
