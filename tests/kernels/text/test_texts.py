"""Sketches of texts: the twin, what the pass writes, datasketches' estimate, counts that are never too low."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from datasketches import hll_sketch
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.machine import keys
from gauger.kernels.sketches import hyperloglog, minhash
from gauger.kernels.text import texts
from tests.kernels import naive
from tests.kernels.passes import COUNT_DEPTH, COUNT_WIDTH, run_ids, run_text
from tests.kernels.strategies import KEY, MALFORMED, NAIVE_KEY, NASTY, PROMPT, QUICK, pack, pack_words

BITS = 14
ALL = [*NASTY.values(), *MALFORMED.values()]
BATCH = st.lists(PROMPT, max_size=5)
ID_LISTS = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=20), max_size=5)


def sign(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Signatures of texts by the kernel, written over rubbish."""
    out = np.full((len(offsets) - 1, minhash.SLOTS), 7, np.uint32)
    texts.sign_texts(values, offsets, KEY, out)
    return out


def sign_ids(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Signatures of token ids by the kernel, written over rubbish."""
    out = np.full((len(offsets) - 1, minhash.SLOTS), 7, np.uint32)
    texts.sign_token_ids(values, offsets, KEY, out)
    return out


def register(values: np.ndarray, offsets: np.ndarray, bits: int = BITS) -> np.ndarray:
    """HyperLogLog of words by the kernel."""
    registers = np.zeros(1 << bits, np.uint8)
    texts.register_words(values, offsets, KEY, registers, bits)
    return registers


def count(
    values: np.ndarray, offsets: np.ndarray, shape: tuple[int, int] = (COUNT_DEPTH, COUNT_WIDTH)
) -> tuple[int, np.ndarray]:
    """Number of words and their count-min by the kernel."""
    counts = np.zeros(shape, np.uint32)
    return texts.count_words(values, offsets, KEY, counts), counts


def word_hashes(batch: list[bytes]) -> list[int]:
    """Word hashes of all texts, by the twin."""
    return [hashed for text in batch for hashed in naive.word_hashes(text, NAIVE_KEY)]


@QUICK
@given(BATCH, st.binary(max_size=70), st.binary(max_size=70))
def test_signatures_are_the_twins_wherever_the_texts_lie(batch: list[bytes], before: bytes, after: bytes) -> None:
    twins = [
        naive.signature(naive.shingles(naive.word_hashes(text, NAIVE_KEY), NAIVE_KEY), NAIVE_KEY) for text in batch
    ]
    assert sign(*pack(batch, before, after)).tolist() == twins


@QUICK
@given(ID_LISTS)
def test_signatures_of_token_ids_are_the_twins(lists: list[list[int]]) -> None:
    key0, key1 = NAIVE_KEY[keys.TOKEN_ID : keys.TOKEN_ID + 2]
    hashes = [[naive.siphash(key0, key1, one.to_bytes(8, "little"))[0] for one in ids] for ids in lists]
    twins = [naive.signature(naive.shingles(row, NAIVE_KEY), NAIVE_KEY) for row in hashes]
    assert sign_ids(*pack_words(lists, np.int32)).tolist() == twins


@QUICK
@given(BATCH)
def test_word_sketches_are_the_twins(batch: list[bytes]) -> None:
    hashes = word_hashes(batch)
    mixed = [naive.mix(hashed, NAIVE_KEY[keys.REGISTER]) for hashed in hashes]
    total, counts = count(*pack(batch))
    assert np.array_equal(register(*pack(batch), 10), naive.registers(mixed, 10))
    assert np.array_equal(counts, naive.count_min(hashes, NAIVE_KEY, COUNT_DEPTH, COUNT_WIDTH))
    assert total == len(hashes)


def test_all_is_what_the_pass_writes() -> None:
    values, offsets = pack(ALL)
    written = run_text(values, offsets)
    total, counts = count(values, offsets)
    assert np.array_equal(sign(values, offsets).astype(np.uint8), written.signatures)
    assert np.array_equal(register(values, offsets), written.word_registers)
    assert np.array_equal(counts, written.word_counts)
    assert total == written.words.sum()


def test_signatures_of_token_ids_are_what_the_pass_writes() -> None:
    values, offsets = pack_words([[], [1], [1, 2], [5, 6, 7, 5, 6, 7], list(range(3000))], np.int32)
    assert np.array_equal(sign_ids(values, offsets).astype(np.uint8), run_ids(values, offsets).signatures)


def test_texts_without_words_leave_every_slot_empty() -> None:
    rows = sign(*pack([b"one two three", b"", b" .,! ", b"one two three"]))
    assert (rows[1:3] == minhash.EMPTY).all()
    assert np.array_equal(rows[0], rows[3])
    assert (rows[0] != minhash.EMPTY).all()


@pytest.mark.parametrize("distinct", [100, 3_000, 60_000])
def test_estimates_are_as_good_as_datasketches(distinct: int) -> None:
    words = [b"w%d" % number for number in range(distinct)]
    theirs = hll_sketch(BITS)
    for word in words:
        theirs.update(word.decode())
    ours = hyperloglog.estimate(register(*pack([b" ".join(words), b", ".join(words[::-1])])))
    bound = 3 * 1.04 / np.sqrt(1 << BITS)
    assert abs(ours / distinct - 1) <= bound
    assert abs(ours / theirs.get_estimate() - 1) <= 2 * bound


@QUICK
@given(BATCH, st.sampled_from([(1, 1), (2, 16), (4, 256)]))
def test_counts_are_never_too_low(batch: list[bytes], shape: tuple[int, int]) -> None:
    _, counts = count(*pack(batch), shape)
    found = [text.lower()[start:end] for text in batch for start, end in naive.words(text)]
    truth = Counter(found)
    out = np.zeros(len(truth), np.uint32)
    assert texts.query_words(*pack(list(truth)), KEY, counts, out) == -1
    assert (out >= np.array(list(truth.values()), np.uint32)).all()


def test_a_query_names_the_first_text_that_is_not_one_word() -> None:
    _, counts = count(*pack([b"one two two"]))
    out = np.zeros(4, np.uint32)
    assert texts.query_words(*pack([b"two", b" One. ", b"one two", b""]), KEY, counts, out) == 2
    assert out[:2].tolist() == [2, 1]
    assert texts.query_words(*pack([b"two", b""]), KEY, counts, out) == 1


def test_scratch_memory_lives_as_long_as_the_kernel_runs() -> None:
    """Every allocation its own mapping: memory that Numba freed too early is gone, and a touch of it kills."""
    program = """if True:
        import numpy as np
        from gauger.kernels.sketches import minhash
        from gauger.kernels.text import texts
        key = np.arange(1, 65, 2, dtype=np.uint64)
        values = np.frombuffer(b"many short words " * 40_000, np.uint8)
        offsets = np.array([0, len(values) // 2, len(values)], np.int64)
        counts, registers = np.zeros((2, 64), np.uint32), np.zeros(64, np.uint8)
        texts.sign_texts(values, offsets, key, np.zeros((2, minhash.SLOTS), np.uint32))
        texts.register_words(values, offsets, key, registers, 6)
        texts.query_words(values, offsets, key, counts, np.zeros(2, np.uint32))
        print(texts.count_words(values, offsets, key, counts))
    """
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "4096"}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "120000"), ran.stderr
