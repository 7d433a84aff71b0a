"""Slots of template families, from prompts whose slots and values are known."""

import math
from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np
import pytest

from gauger.engine.engine import Engine
from gauger.engine.families.slots import VALUES_KEPT
from tests.engine import worlds

ROLES = worlds.Words(8).some(3_000)
SLOT_COLUMNS = ("slots", "slot_values", "slot_evenness", "grid_coverage")
HEAD = "Please act in the following play as a very convincing"
TAIL = "and keep up this part until the end, whatever I may say to you."


LEVEL = "The level of the audience is about"


def calls_of(prompts: Iterable[str]) -> list[worlds.Call]:
    return [worlds.call(f"a{number % 30}", prompt, number % 86_000) for number, prompt in enumerate(prompts)]


def row_of(prompts: Iterable[str]) -> dict[str, Any]:
    """The template of a day of these prompts; variants of it say the same of its slots."""
    return template_of(worlds.observing(calls_of(prompts)))


def template_of(engine: Engine) -> dict[str, Any]:
    """What the template families say of their slots, all of them the same."""
    rows = [row for row in engine.finish().families.to_pylist() if row["kind"] == "template"]
    said = [{name: row[name] for name in SLOT_COLUMNS} for row in rows]
    assert all(one == said[0] for one in said)
    return said[0] | {"distinct_prompts": sum(row["distinct_prompts"] for row in rows)}


def distinct(count: int, first: int = 0) -> list[str]:
    """That many different words."""
    return list(dict.fromkeys(ROLES))[first : first + count]


def entropy_share(values: list[str]) -> float:
    counts = np.asarray([values.count(value) for value in set(values)]) / len(values)
    return float(-(counts @ np.log(counts)) / math.log(len(counts)))


def test_a_free_slot_is_one_and_so_are_long_values_close_together() -> None:
    words = worlds.Words(4)
    row = row_of(f"{HEAD} {words.text(12)} {TAIL}" for _ in range(200))
    assert (row["slots"], row["slot_values"], row["grid_coverage"]) == (1, [200], None)
    assert row["slot_evenness"] == [pytest.approx(1.0)]
    row = row_of(f"{HEAD} {words.text(9)} meets {words.text(9)} {TAIL}" for _ in range(150))
    assert (row["slots"], row["slot_values"], row["grid_coverage"]) == (1, [150], None)


def test_two_slots_far_apart_make_a_grid() -> None:
    roles, levels = distinct(20), distinct(6, 30)
    sent = [*product(roles, levels)][:90]
    row = row_of(f"{HEAD} {role} {TAIL} {LEVEL} {level}" for role, level in sent)
    assert (row["slots"], row["slot_values"]) == (2, [15, 6])
    assert row["grid_coverage"] == 1.0
    assert row["slot_evenness"] == [pytest.approx(1.0)] * 2


@pytest.mark.parametrize("between", ["", "meets", "shall visit", "can quickly help"])
def test_two_slots_close_together_are_told_apart(between: str) -> None:
    """Fewer than five tokens of the frame between them: the shape of a role x role grid."""
    left, right = distinct(12), distinct(15, 20)
    row = row_of(f"{HEAD} {one} {between} {other} {TAIL}" for one, other in product(left, right))
    assert (row["slots"], row["slot_values"], row["grid_coverage"]) == (2, [12, 15], 1.0)


def test_coverage_is_the_share_of_the_grid_sent() -> None:
    """300 prompts pick values at random; a third slot is free and no part of the grid."""
    rng, words = np.random.default_rng(1), worlds.Words(6)
    roles, levels = distinct(30), distinct(20, 40)
    sent = [(str(rng.choice(roles)), str(rng.choice(levels))) for _ in range(300)]
    row = row_of(
        f"{HEAD} {role} {TAIL} {LEVEL} {level}, and mind the following note: {words.text(8)}" for role, level in sent
    )
    assert row["slots"] == 3
    assert row["slot_values"] == [len({role for role, _ in sent}), len({level for _, level in sent}), 300]
    grid = row["slot_values"][0] * row["slot_values"][1]
    assert row["grid_coverage"] == pytest.approx(len(set(sent)) / grid)
    assert row["slot_evenness"][0] == pytest.approx(entropy_share([role for role, _ in sent]))


def test_uneven_values_are_less_even() -> None:
    common = [distinct(1)[0]] * 120 + distinct(60, 1)
    words = worlds.Words(7)
    row = row_of(f"{HEAD} {role} {TAIL} And one more remark on it all: {words.text(5)}" for role in common)
    assert row["slot_values"][0] == 61
    assert row["slot_evenness"][0] == pytest.approx(entropy_share(common))
    assert row["slot_evenness"][0] < 0.7 < row["slot_evenness"][1]


def test_many_values_are_estimated() -> None:
    """More than the sketch keeps: within five standard errors, and never more than there are prompts."""
    words = worlds.Words(9)
    row = row_of(f"{HEAD} {words.text(3)} {number % 7} {TAIL}" for number in range(4_000))
    (values,) = row["slot_values"]
    assert values == pytest.approx(4_000, rel=5 / math.sqrt(VALUES_KEPT - 2))
    assert values <= row["distinct_prompts"]
    assert row["slot_evenness"][0] == pytest.approx(1.0, abs=0.02)


def test_the_order_and_the_split_of_calls_change_nothing() -> None:
    words, levels = worlds.Words(10), distinct(9)
    prompts = [f"{HEAD} {words.text(4)} {TAIL} {LEVEL} {levels[n % 9]}" for n in range(1_500)]
    calls = worlds.shuffled(calls_of(prompts), 3)
    # Fifty calls twice: other counts, same slots.
    left, right = worlds.observing(calls[:700]), worlds.observing(calls[650:])
    left.merge(right)
    assert template_of(left) == row_of(prompts)


def test_families_without_a_template_have_no_slots() -> None:
    words = worlds.Words(11)
    base = words.text(60)
    calls = [worlds.call("a", words.edited(base, 1), second) for second in range(6)]
    calls += [worlds.call("b", "the very same prompt every time", second) for second in range(6)]
    rows = worlds.finished(calls).families.to_pylist()
    assert {row["kind"] for row in rows} == {"near_duplicate", "exact"}
    assert {row[name] for row in rows for name in SLOT_COLUMNS} == {None}
