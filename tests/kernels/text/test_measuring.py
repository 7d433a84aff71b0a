"""The pass: every output is what the twins compute of the same prompt, wherever it lies in memory."""

from __future__ import annotations

import math
import mmap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.accounts.accumulate import hash_prefixes
from gauger.kernels.machine import keys
from gauger.kernels.sketches.minhash import EMPTY
from gauger.kernels.text import measuring as calls
from gauger.kernels.text import texts
from gauger.kernels.text.siphash import hash_strings
from tests.kernels import naive
from tests.kernels.guarded import guarded
from tests.kernels.passes import COUNT_DEPTH, COUNT_WIDTH, PHRASES, Pass, run_ids, run_text
from tests.kernels.strategies import KEY, MALFORMED, NAIVE_KEY, NASTY, PROMPT, QUICK, pack, pack_words

PROMPTS = st.lists(PROMPT, max_size=4)
IDS = st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=30), max_size=4)
NASTY_IDS = [[], [0], [1, 2], [-1, 2**31 - 1, -(2**31)], [5] * 700, list(range(600)), []]


def prompt_hash(normalised: bytes) -> list[int]:
    """Both words of a prompt's hash."""
    return naive.siphash_lanes(NAIVE_KEY[keys.PROMPT], NAIVE_KEY[keys.PROMPT + 1], normalised)


def ids_hash(ids: list[int]) -> list[int]:
    """Both words of the hash of token ids."""
    raw = np.array(ids, "<i4").tobytes()
    return naive.siphash(NAIVE_KEY[keys.PROMPT], NAIVE_KEY[keys.PROMPT + 1], raw, wide=True)


def register_hash(hashed: int) -> int:
    """What the stream's HyperLogLog takes of a word hash."""
    return naive.mix(hashed, NAIVE_KEY[keys.REGISTER])


def expected_flags(prompt: bytes) -> int:
    """Flags of the phrases whose three words occur in a row."""
    lowered = prompt.lower()
    words = [lowered[start:end] for start, end in naive.words(prompt)]
    joined = {b" ".join(words[at : at + 3]).decode("latin-1") for at in range(len(words) - 2)}
    return sum({flag for phrase, flag in PHRASES.items() if phrase in joined})


def check_sketches(result: Pass, hashes: list[int]) -> None:
    """The stream's count-min and HyperLogLog hold exactly these words."""
    assert np.array_equal(result.word_counts, naive.count_min(hashes, NAIVE_KEY, COUNT_DEPTH, COUNT_WIDTH))
    expected = naive.registers(map(register_hash, hashes), calls.WORD_REGISTER_BITS)
    assert np.array_equal(result.word_registers, expected)


def check_hashed(result: Pass, row: int, hashes: list[int], prompt: list[int]) -> None:
    """What text and token ids have in common; ``prompt`` is the hash expected of the whole."""
    assert result.prompt_hashes[row].tolist() == prompt
    assert result.words[row] == len(hashes)
    slots = naive.signature(naive.shingles(hashes, NAIVE_KEY), NAIVE_KEY)
    assert result.signatures[row].tolist() == [slot % 256 for slot in slots]


def check_text(prompts: list[bytes]) -> None:
    """Every output of the pass over texts, from the twins."""
    result = run_text(*pack(prompts))
    stream: list[int] = []
    for row, prompt in enumerate(prompts):
        hashes = naive.word_hashes(prompt, NAIVE_KEY)
        check_hashed(result, row, hashes, prompt_hash(prompt.lower().strip()))
        assert np.array_equal(result.features[row], naive.text_features(prompt, NAIVE_KEY))
        assert result.flags[row] == expected_flags(prompt)
        assert result.grams_of(row) == naive.grams(naive.frame_tokens(prompt, NAIVE_KEY), NAIVE_KEY)
        stream += hashes
    assert np.isnan(result.novelty).all()
    check_sketches(result, stream)


def check_ids(prompts: list[list[int]]) -> None:
    """Every output of the pass over token ids, from the twins."""
    values, offsets = pack_words(prompts, np.int32)
    result = run_ids(values, offsets)
    stream: list[int] = []
    key0, key1 = NAIVE_KEY[keys.TOKEN_ID : keys.TOKEN_ID + 2]
    for row, prompt in enumerate(prompts):
        hashes = [naive.siphash(key0, key1, (token % 2**64).to_bytes(8, "little"))[0] for token in prompt]
        check_hashed(result, row, hashes, ids_hash(prompt))
        assert np.array_equal(result.features[row], naive.id_features(hashes, NAIVE_KEY))
        assert result.grams_of(row) == naive.grams(hashes, NAIVE_KEY)
        stream += hashes
    check_sketches(result, stream)


@pytest.mark.parametrize("prompt", [*NASTY.values()], ids=[*NASTY])
def test_nasty_prompts_one_by_one(prompt: bytes) -> None:
    check_text([prompt])


def test_nasty_prompts_in_one_batch() -> None:
    check_text([prompt for prompt in NASTY.values() if len(prompt) < 5_000])


@pytest.mark.parametrize("prompt", [*MALFORMED.values()], ids=[*MALFORMED])
def test_malformed_prompts_harm_nobody(prompt: bytes) -> None:
    """Intake quarantines them; should one come through, its hash and its neighbours' rows are right."""
    result = run_text(*pack([b"words before", prompt, b"words after"]))
    alone = [run_text(*pack([text])) for text in (b"words before", prompt, b"words after")]
    for row, single in enumerate(alone):
        assert np.array_equal(result.features[row], single.features[0])
        assert result.grams_of(row) == single.grams_of(0)
    assert result.prompt_hashes[1].tolist() == prompt_hash(prompt.lower().strip())


@QUICK
@given(PROMPTS)
def test_text_is_the_twins(prompts: list[bytes]) -> None:
    check_text(prompts)


def test_nasty_token_ids() -> None:
    check_ids(NASTY_IDS)


@QUICK
@given(IDS)
def test_token_ids_are_the_twins(prompts: list[list[int]]) -> None:
    check_ids(prompts)


@QUICK
@given(PROMPTS, PROMPTS)
def test_novelty_is_the_mean_information_under_the_reference(reference: list[bytes], prompts: list[bytes]) -> None:
    seen = [hashed for prompt in reference for hashed in naive.word_hashes(prompt, NAIVE_KEY)]
    counts = naive.count_min(seen, NAIVE_KEY, COUNT_DEPTH, COUNT_WIDTH)
    result = run_text(*pack(prompts), counts, len(seen))
    for row, prompt in enumerate(prompts):
        cells = [
            [counts[at] for at in enumerate(naive.count_min_columns(hashed, NAIVE_KEY, COUNT_DEPTH, COUNT_WIDTH))]
            for hashed in naive.word_hashes(prompt, NAIVE_KEY)
        ]
        information = [math.log((len(seen) + 1) / (int(min(cell)) + 1)) for cell in cells]
        expected = np.mean(information) if information and seen else math.nan
        assert result.novelty[row] == pytest.approx(expected, rel=1e-6, nan_ok=True)


@QUICK
@given(PROMPTS, st.binary(max_size=70), st.binary(max_size=70))
def test_neighbours_in_the_buffer_do_not_matter(prompts: list[bytes], before: bytes, after: bytes) -> None:
    assert run_text(*pack(prompts, before, after)).state() == run_text(*pack(prompts)).state()


@QUICK
@given(IDS, st.integers(0, 20))
def test_neighbours_of_token_ids_do_not_matter(prompts: list[list[int]], shift: int) -> None:
    values, offsets = pack_words(prompts, np.int32)
    padded = np.concatenate([np.full(shift, 9, np.int32), values, np.full(3, 9, np.int32)])
    assert run_ids(padded, offsets + shift).state() == run_ids(values, offsets).state()


@QUICK
@given(PROMPTS, st.integers(0, 4))
def test_batches_may_be_cut_anywhere(prompts: list[bytes], cut: int) -> None:
    whole = run_text(*pack(prompts))
    left, right = run_text(*pack(prompts[:cut])), run_text(*pack(prompts[cut:]))
    for name in ("prompt_hashes", "words", "signatures", "features", "flags"):
        joined = np.concatenate([getattr(left, name), getattr(right, name)])
        assert np.array_equal(joined, getattr(whole, name))
    assert np.array_equal(left.word_counts + right.word_counts, whole.word_counts)
    assert np.array_equal(np.maximum(left.word_registers, right.word_registers), whole.word_registers)


def test_measuring_twice_gives_the_same_bytes() -> None:
    buffers = pack([*NASTY.values(), *MALFORMED.values()])
    assert run_text(*buffers).state() == run_text(*buffers).state()


@pytest.mark.parametrize("wordless", [b"", b" ", b"\n", b"...", "—".encode(), b"\0"])
def test_a_prompt_without_words_has_the_empty_signature(wordless: bytes) -> None:
    result = run_text(*pack([b"some words that sign every slot", wordless]))
    assert set(result.signatures[1].tolist()) == {int(EMPTY) & 255}
    assert result.words[1] == 0
    assert result.flags[1] == 0


@pytest.mark.parametrize(("steps", "output"), [(2, "words"), (3, "prompt_hashes"), (5, "signatures"), (7, "features")])
def test_fewer_steps_end_with_their_output(steps: int, output: str) -> None:
    """A bench takes the difference of two prefixes for the cost of a step."""
    expected, found, before = (
        getattr(run_text(*pack([*NASTY.values()]), steps=count), output)
        for count in (len(calls.STEPS), steps, steps - 1)
    )
    assert np.array_equal(found, expected)
    assert not np.array_equal(before, expected)


def test_prompts_that_differ_in_case_and_outer_space_are_one() -> None:
    texts = [b"Write a poem.", b"  write A POEM.\n", b"write a  poem.", b"write a poem"]
    hashes = [tuple(row) for row in run_text(*pack(texts)).prompt_hashes.tolist()]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 31, 63, 64, 65, 127, 128, 129, mmap.PAGESIZE, 5000])
def test_no_byte_past_the_buffer_is_read(size: int) -> None:
    """A read past the end would be a segmentation fault, not a failed assertion."""
    data = (b"Last words, at the very end of 9 pages. " * 130)[:size]
    offsets = np.array([0, size // 2, size, size], np.int64)
    values = guarded(np.frombuffer(data, np.uint8), "end", writable=False)
    assert run_text(values, offsets).state() == run_text(np.frombuffer(data, np.uint8), offsets).state()
    for kernel in (hash_strings, hash_prefixes):
        out = np.zeros(3, np.uint64)
        kernel(1, 2, values, offsets, out)
        assert out[2] == naive.siphash(1, 2, b"")[0]
    word_offsets = np.zeros(4, np.int64)
    texts.hash_words_of(values, offsets, KEY, word_offsets, np.zeros(size // 2 + 4, np.uint64))
    assert word_offsets[3] >= len(naive.words(data))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 15, 16, 17, 700])
def test_no_token_id_past_the_buffer_is_read(count: int) -> None:
    ids = np.arange(count, dtype=np.int32)
    offsets = np.array([0, count // 2, count, count], np.int64)
    values = guarded(ids, "end", writable=False)
    assert run_ids(values, offsets).state() == run_ids(ids, offsets).state()
