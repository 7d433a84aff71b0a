"""The same traffic at another volume, in another order, in parts, or under other keys: do families stay what they are?

More volume is made from less: copies of a templated prompt get other words in half of their slots (a slot is what fewer
than 80 % of its family hold), copies of a hand-written one are shuffled word by word, so that nothing in them repeats.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import combinations
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from bench.accuracy.agreement import adjusted_rand_index, agreement, apart
from bench.families import ours as families_ours
from bench.families.sets import FamilySet
from gauger import Engine
from gauger.engine.common.secret import Secret

_CONSTANT = 0.8
_SPACE = re.compile(r"(\s+)")
_START = datetime(2026, 3, 16, tzinfo=UTC)
_PARTS = 4
_ENGINE_ROWS = 8_000
_CALLS_EACH = 20  # of an account
_SECRET = b"bench, same text"
KEYS = tuple(bytes([number]) * 16 for number in range(1, 7))


def grown(given: FamilySet, rows: int, seed: int = 6) -> FamilySet:
    """A set of so many rows: its own first, then changed copies of rows drawn with replacement."""
    random = Random(seed)
    words = sorted({word for text in given.prompts[:5_000] for word in text.split() if word.isalpha()})
    constant = _constant_words(given)
    drawn = np.random.default_rng(seed).integers(0, len(given), max(0, rows - len(given)))
    origin = np.concatenate([np.arange(len(given)), drawn])[:rows]
    prompts = list(given.prompts[:rows])
    for row in origin[len(prompts) :].tolist():
        family = int(given.truth[row])
        prompts.append(_copy(given.prompts[row], constant.get(family), words, random))
    order = np.random.default_rng(seed + 1).permutation(len(origin))
    origin = origin[order]
    changed = [prompts[place] for place in order]
    return FamilySet(given.name, given.role, changed, given.truth[origin], given.sources[origin], names=given.names)


def _constant_words(given: FamilySet) -> dict[int, set[str]]:
    """Of each family the words that nearly all of its prompts hold."""
    members, held = Counter[int](), dict[int, Counter[str]]()
    for text, family in zip(given.prompts, given.truth.tolist(), strict=True):
        if family >= 0:
            members[family] += 1
            held.setdefault(family, Counter()).update(set(text.split()))
    return {
        family: {word for word, rows in counts.items() if rows >= _CONSTANT * members[family]}
        for family, counts in held.items()
    }


def _copy(text: str, constant: set[str] | None, words: list[str], random: Random) -> str:
    """A changed copy; white space stays."""
    if constant is None:
        return " ".join(random.sample(found := text.split(), len(found)))
    pieces = _SPACE.split(text)  # words at even places, white space between them
    for place in range(0, len(pieces), 2):
        if pieces[place] and pieces[place] not in constant and random.random() >= 0.5:
            pieces[place] = random.choice(words)
    return "".join(pieces)


def measure(given: FamilySet, tell: Callable[[str], None], growth: int = 10) -> list[dict[str, Any]]:
    """Every variant of a set, beside the whole of it."""
    whole = families_ours.label(given.prompts)
    generator = np.random.default_rng(8)
    shuffled = generator.permutation(len(given))
    tenth = np.sort(generator.permutation(len(given))[: len(given) // 10])
    rows = [_row("as it is", given, whole, whole)]
    for name, part in (("in another order", shuffled), ("a tenth of it", tenth)):
        taken = given.take(part)
        rows.append(_row(name, taken, families_ours.label(taken.prompts), whole[part]))
    large = grown(given, growth * len(given))
    started = time.perf_counter()
    labels = families_ours.label(large.prompts)
    tell(f"{len(large):,} rows in {time.perf_counter() - started:.1f} s")
    rows += [_row(f"{growth} times as much", large, labels, None), engines(given.take(tenth))]
    for row in rows:
        tell(f"{row['variant']:24} {row['rows']:7} F1 {row['f1']:.3f} FR {row['family_recall']:.3f} {row['same']}")
    return rows


def _row(variant: str, given: FamilySet, labels: np.ndarray, whole: np.ndarray | None) -> dict[str, Any]:
    """``same``: the index between this partition of the templated rows and that of the whole set."""
    inside = given.truth >= 0
    same = None if whole is None else adjusted_rand_index(apart(labels[inside]), apart(whole[inside]))
    return {"variant": variant, "rows": len(given), "same": same} | asdict(agreement(labels, given.truth))


def engines(given: FamilySet) -> dict[str, Any]:
    """Four engines that saw a quarter each, in another order, merged; against one that saw everything."""
    given = given.take(np.arange(min(len(given), _ENGINE_ROWS)))
    calls, numbers = _calls(given.prompts), np.arange(len(given))
    one = Engine(secret=Secret(_SECRET))
    one.observe(calls, rows=numbers)
    parts = [numbers[start::_PARTS][::-1] for start in range(_PARTS)]
    merged = Engine(secret=Secret(_SECRET))
    for part in reversed(parts):
        other = Engine(secret=Secret(_SECRET))
        other.observe(calls.take(pa.array(part)), rows=part)
        merged.merge(other)
    whole, joined = (_families(engine) for engine in (one, merged))
    return _row(f"{_PARTS} engines merged, against one", given, joined, whole)


def _calls(prompts: list[str]) -> pa.RecordBatch:
    start = int(_START.timestamp() * 1e6)
    return pa.record_batch(
        {
            "start_time": pa.array([start + 1_000 * row for row in range(len(prompts))], pa.timestamp("us", "UTC")),
            "account_id": [f"account-{row // _CALLS_EACH}" for row in range(len(prompts))],
            "prompt_text": prompts,
        }
    )


def _families(engine: Engine) -> np.ndarray:
    """Family of each call by row, -1 for none; ids may be negative, so families are numbered anew."""
    ids = engine.finish().calls.sort_by("row")["family_id"].combine_chunks()
    numbers = np.unique(ids.fill_null(0).to_numpy(), return_inverse=True)[1]
    return np.where(ids.is_valid().to_numpy(zero_copy_only=False), numbers, -1)


def _pairs(*labels: np.ndarray) -> int:
    """Pairs of prompts that are together by all of some labels, -1 = alone."""
    inside = np.all([own >= 0 for own in labels], axis=0)
    sizes = np.unique(np.stack(labels)[:, inside], axis=1, return_counts=True)[1].astype(np.int64)
    return int(np.sum(sizes * (sizes - 1) // 2))


def differing(left: np.ndarray, right: np.ndarray) -> float:
    """Of the pairs of prompts that are together by either labels, the share that is not by both, 0 .. 1."""
    both = _pairs(left, right)
    either = _pairs(left) + _pairs(right) - both
    return 1.0 - both / either if either else 0.0


def under_keys(sets: Sequence[FamilySet], tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Every set under every key: the largest difference between two, and how well the worst does."""
    rows = []
    for given in sets:
        labels = [families_ours.label(given.prompts, secret=Secret(key)) for key in KEYS]
        found = [agreement(own, given.truth) for own in labels]
        row = {
            "set": given.name,
            "rows": len(given),
            "keys": len(KEYS),
            "differing": max(differing(*pair) for pair in combinations(labels, 2)),
            "ari_least": min(one.ari for one in found),
            "ari_greatest": max(one.ari for one in found),
        }
        tell(f"{given.name:42} {row['differing']:.5f} of pairs differ, ARI {row['ari_least']:.4f}")
        rows.append(row)
    return rows
