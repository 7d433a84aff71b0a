"""Near-duplicate families of real prompts against exact Jaccard similarity, and what they cost a prompt.

Run as ``python -m bench.families.near_duplicates``. Accuracy: samples of the corpora and of edited prompts of theirs,
all in one run; every pair of prompts is compared exactly. Speed: signatures of those prompts with slots drawn anew,
among signatures like nothing else.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import csr_array

from bench.world.corpora import ABSENT, corpora_directory
from gauger.engine.common import threads
from gauger.engine.common.hashing import hash_words, text_buffers
from gauger.engine.common.secret import Secret
from gauger.engine.families.near_duplicates import WORDS_MIN, near_duplicates
from gauger.kernels.sketches import minhash
from gauger.kernels.text import shingles, texts

SIMILARITY, FAR = 0.7, 0.4
SAMPLE = 20_000  # prompts of a corpus at most
LONG = {"alpaca_metaprompt_rendered": 700, "evol_instruct_rendered": 1_500, "llm_judge_alpaca_eval": 1_500}
EDITED = 6_000  # prompts of which three edited copies each are made
SPEED = 5_000_000
EVERYTHING = "all of them"
_PRODUCT = 60_000_000  # multiplications in one step of the exact comparison


@dataclass(frozen=True)
class Row:
    """Pairs of prompts of one corpus; corpora run together, so its families may hold others' prompts too."""

    corpus: str
    prompts: int
    alike_pairs: int  # exact similarity at least SIMILARITY
    alike_pairs_together: float | None  # share of those that are in one family
    joined_pairs: int  # pairs of one family
    joined_pairs_far: float | None  # share of those with exact similarity below FAR


@dataclass(frozen=True)
class Speed:
    """What grouping costs beyond the pass."""

    prompts: int
    workers: int
    microseconds_per_prompt: float  # of wall time
    families: int  # of two prompts or more


def read(corpora: Path, share: float, random: np.random.Generator) -> dict[str, str]:
    """Distinct prompts and the corpus of each: a sample of every corpus, and edited copies of some."""
    found: dict[str, str] = {}
    for path in sorted([*corpora.glob("attack/*.parquet"), *corpora.glob("benign/*.parquet")]):
        prompts = list(dict.fromkeys(prompt for prompt in pq.read_table(path)["prompt"].to_pylist() if prompt))
        most = int(share * LONG.get(path.stem, SAMPLE))
        chosen = random.permutation(len(prompts))[:most].tolist()
        found.update({prompts[row]: path.stem for row in chosen})
    pairs = pq.read_table(corpora / "pairs" / "mrpc_pairs.parquet")
    for column in ("prompt", "prompt_b"):
        found.update(dict.fromkeys(pairs[column].to_pylist()[: int(share * SAMPLE)], "mrpc_pairs"))
    bases = [prompt for prompt in found if 12 <= len(prompt.split()) <= 200]
    words = [word for prompt in bases[::20] for word in prompt.split()]
    for row in random.permutation(len(bases))[: int(share * EDITED)].tolist():
        for rate in random.uniform(0.004, 0.2, 3).tolist():
            found.setdefault(edit(bases[row], rate, words, random), "edited prompts")
    return found


def edit(text: str, rate: float, words: Sequence[str], random: np.random.Generator) -> str:
    """The text with words inserted (a third of ``rate``), replaced (a sixth) and left out (a sixth)."""
    found = []
    for word, chance in zip(text.split(), (random.random(len(text.split())) / rate).tolist(), strict=True):
        if chance >= 2 / 3 or chance < 1 / 3:  # else replaced or left out
            found.append(word)
        if chance < 1 / 2:  # inserted, or in the place of the other
            found.append(words[random.integers(len(words))])
    return " ".join(found)


def sign(prompts: Sequence[str], key: np.ndarray) -> np.ndarray:
    """b-bit signatures, uint8[n, SLOTS], as the pass makes them."""
    values, offsets = text_buffers(pa.array(prompts, pa.string()))
    found = np.empty((len(prompts), minhash.SLOTS), np.uint8)
    for start in range(0, len(prompts), 8_192):
        part = offsets[start : start + 8_193]
        slots = np.empty((len(part) - 1, minhash.SLOTS), np.uint32)
        texts.sign_texts(values, part, key, slots)
        found[start : start + 8_192] = slots & 255
    return found


def shingle_sets(prompts: Sequence[str], key: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Which prompt holds which word 3-shingle (0 or 1), and words of each prompt."""
    words, offsets = hash_words(key, list(prompts))
    counts = np.diff(offsets)
    owner = np.repeat(np.arange(len(prompts)), counts)
    whole = np.flatnonzero(owner[:-2] == owner[2:]) if len(words) > 2 else np.zeros(0, np.int64)
    values = shingles.shingle_rows(words[whole[:, None] + np.arange(3)], key)
    distinct, column = np.unique(values, return_inverse=True)
    pair = np.unique(owner[whole] * len(distinct) + column)
    rows, columns = pair // max(1, len(distinct)), pair % max(1, len(distinct))
    ones = np.ones(len(pair), np.int32)
    return csr_array((ones, (rows, columns)), shape=(len(prompts), len(distinct))), counts.astype(np.int32)


def exact_pairs(sets: csr_array, least: float) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """All pairs of rows with Jaccard similarity >= least: left, right, similarity."""
    sizes, turned = np.diff(sets.indptr), sets.T.tocsr()
    work = np.cumsum(sets @ np.diff(turned.indptr))
    start = 0
    while start < sets.shape[0]:
        done = work[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(work, done + _PRODUCT)))
        shared = (sets[start:end] @ turned).tocoo()
        left, right = shared.row + start, shared.col
        later = right > left
        left, right, both = left[later], right[later], shared.data[later]
        similarity = both / (sizes[left] + sizes[right] - both)
        chosen = similarity >= least
        yield left[chosen], right[chosen], similarity[chosen]
        start = end


def accuracy(found: dict[str, str], family: np.ndarray, sets: csr_array, eligible: np.ndarray) -> list[Row]:
    """Rows of the corpora, and of everything. family : int64[n]; eligible : bool[n], long enough to be compared"""
    names, corpus = np.unique(list(found.values()), return_inverse=True)
    near = np.zeros((3, len(names) + 1), np.int64)  # alike, alike and together, joined and not far
    for left, right, similarity in exact_pairs(sets, FAR):
        both = eligible[left] & eligible[right]
        left, right, similarity = left[both], right[both], similarity[both]
        place = np.where(corpus[left] == corpus[right], corpus[left], len(names))
        together, alike = family[left] == family[right], similarity >= SIMILARITY
        for row, chosen in enumerate((alike, alike & together, together)):
            near[row] += np.bincount(place[chosen], minlength=len(names) + 1)
    rows = []
    for number, name in enumerate([*names.tolist(), EVERYTHING]):
        own = corpus == number if name != EVERYTHING else np.ones(len(corpus), bool)
        sizes = np.bincount(family[own])
        joined = int((sizes * (sizes - 1) // 2).sum())
        alike, together, close = near[:, number] if name != EVERYTHING else near.sum(axis=1)
        rows.append(
            Row(
                corpus=name, prompts=int(own.sum()), alike_pairs=int(alike),
                alike_pairs_together=float(together / alike) if alike else None,
                joined_pairs=joined, joined_pairs_far=1 - float(close / joined) if joined else None,
            )
        )  # fmt: skip
    return rows


def speed(signatures: np.ndarray, count: int, workers: int, random: np.random.Generator) -> Speed:
    """Time of grouping ``count`` prompts: three in ten are like one of the given ones, with up to 60 % of slots new."""
    drawn = random.integers(0, 256, (count, minhash.SLOTS), np.uint8)
    like = np.flatnonzero(random.random(count) < 0.3)
    for part in np.array_split(like, max(1, len(like) // 100_000)):
        kept = random.random((len(part), minhash.SLOTS), np.float32) >= random.uniform(0, 0.6, (len(part), 1))
        base = signatures[random.integers(0, len(signatures), len(part))]
        drawn[part] = np.where(kept, base, drawn[part])
    words, order = np.full(count, 50, np.int32), random.permutation(count)
    began = time.perf_counter()
    with threads.use(workers):
        family = near_duplicates(drawn, words, SIMILARITY, order)
    taken = time.perf_counter() - began
    return Speed(count, workers, 1e6 * taken / count, int((np.bincount(family) > 1).sum()))


def measure(share: float = 1.0, workers: int = 2, seed: int = 1) -> list[dict[str, object]]:
    """Accuracy by corpus and speed, at a share of the full size; nothing where the corpora are missing."""
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return []
    random, key = np.random.default_rng(seed), Secret.random().key
    found = read(corpora, share, random)
    prompts = list(found)
    signatures, order = sign(prompts, key), random.permutation(len(prompts))
    sets, words = shingle_sets(prompts, key)
    family = np.empty(len(prompts), np.int64)
    with threads.use(workers):
        family[order] = near_duplicates(signatures, words, SIMILARITY, order)
    rows = accuracy(found, family, sets, words >= WORDS_MIN)
    timed = [speed(signatures, int(share * SPEED), number, random) for number in range(1, workers + 1)]
    return [asdict(row) for row in [*rows, *timed]]


if __name__ == "__main__":
    for figures in measure():
        print(json.dumps(figures))
