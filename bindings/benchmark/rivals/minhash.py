"""MinHash of word 3-shingles in 128 slots: datasketch, rensa, gaoya.

Of each the fastest call its documentation has: ``MinHash.bulk`` (datasketch; its default scheme since 2.0, affine32, is
its fastest), ``digest_matrix_from_...`` (rensa: one call a batch), ``par_bulk_insert_docs`` (gaoya: makes words and
shingles itself, at white space, and has no call that does not also fill its index).
"""

from itertools import pairwise
from typing import Any

import numpy as np

from gauger.benchmark import turns
from gauger.benchmark.rivals import tokenising
from gauger.benchmark.rivals.contest import HASHES, TEXT, TOKENS, Contest, Make, Rival, Work
from gauger.benchmark.rivals.corpus import Corpus
from gauger.kernels.sketches import minhash
from gauger.kernels.text import texts

SLOTS = minhash.SLOTS
SEED = 42
_SHINGLES = "shingles"
# By default Rho looks at 14 tokens of a long prompt and leaves slots empty: a filter, not an estimator. These make it
# one.
RHO_FULL = {"RENSA_RHO_TOKEN_BUDGET": "0", "RENSA_RHO_DENSIFY": "1"}


def _ours_text(corpus: Corpus) -> Work:
    values, offsets = corpus.buffers
    out = np.empty((len(corpus), SLOTS), np.uint32)
    return lambda: texts.sign_texts(values, offsets, corpus.key, out)


def _ours_hashes(corpus: Corpus) -> Work:
    hashes, offsets = corpus.shingle_hashes
    out = np.empty((len(offsets) - 1, SLOTS), np.uint32)
    return lambda: minhash.sign_sets(hashes, offsets, corpus.key, out)


def _same(hashed: int) -> int:
    return hashed


def _datasketch(hash_name: str, kind: str) -> Make:
    def make(corpus: Corpus) -> Work:
        from datasketch import MinHash

        if kind == HASHES:
            hashes, offsets = corpus.shingle_hashes
            narrow = hashes & np.uint64(0xFFFFFFFF)
            rows = [narrow[low:high].tolist() for low, high in pairwise(offsets)]
            return lambda: MinHash.bulk(rows, num_perm=SLOTS, hashfunc=_same)
        options = {} if hash_name == "sha1" else {"hashfunc": _xxhash()}
        if kind == TOKENS:
            ready = corpus.shingles
            return lambda: MinHash.bulk(ready, num_perm=SLOTS, **options)
        strings = corpus.strings
        return lambda: MinHash.bulk(map(tokenising.shingles, strings), num_perm=SLOTS, **options)

    return make


def _xxhash() -> object:
    import xxhash

    return xxhash.xxh32_intdigest


def _rensa(rho: bool, kind: str, environment: dict[str, str] | None = None) -> Make:
    def make(corpus: Corpus) -> Work:
        from rensa import RMinHash

        if kind == HASHES:
            hashes, offsets = corpus.shingle_hashes
            ends = offsets.astype(np.uint64)
            flat = (
                RMinHash.digest_matrix_from_flat_token_hashes_rho
                if rho
                else RMinHash.digest_matrix_from_flat_token_hashes
            )
            return _within(environment, lambda: flat(hashes, ends, SLOTS, SEED))
        sets = RMinHash.digest_matrix_from_token_sets_rho if rho else RMinHash.digest_matrix_from_token_byte_sets
        if kind == TOKENS:
            ready = corpus.shingles
            return _within(environment, lambda: sets(ready, SLOTS, SEED))
        strings = corpus.strings
        return _within(environment, lambda: sets(list(map(tokenising.shingles, strings)), SLOTS, SEED))

    return make


def _within(environment: dict[str, str] | None, work: Work) -> Work:
    if environment is None:
        return work

    def inside() -> object:
        with turns.variables(environment):
            return work()

    return inside


def gaoya_index(ngrams: tuple[int, int], bands: int, width: int, threshold: float = 0.5) -> Any:
    """An index of 32-bit signatures with ``bands * width`` slots."""
    from gaoya.minhash import MinHashStringIndex

    return MinHashStringIndex(32, threshold, bands, width, None, "word", True, ngrams, "vec")


def _gaoya(kind: str) -> Make:
    def make(corpus: Corpus) -> Work:
        if kind == TOKENS:
            tokens = corpus.shingle_strings
            numbers = list(range(len(tokens)))
            return lambda: gaoya_index((3, 3), 16, 8).minhash_index.bulk_insert_tokens(numbers, tokens)
        strings = corpus.strings
        rows = list(range(len(strings)))
        return lambda: gaoya_index((3, 3), 16, 8).par_bulk_insert_docs(rows, strings)

    return make


def _tokenise(corpus: Corpus) -> Work:
    strings = corpus.strings
    return lambda: list(map(tokenising.shingles, strings))


CONTEST = Contest(
    task="MinHash",
    prompts=2_000,
    ours={TEXT: _ours_text, HASHES: _ours_hashes},
    tokenisers={_SHINGLES: _tokenise},
    rivals=(
        Rival(
            "datasketch sha1",
            ("datasketch",),
            {kind: _datasketch("sha1", kind) for kind in (TEXT, TOKENS, HASHES)},
            _SHINGLES,
            "tokens are hashed one by one in Python; hashes ready: its NumPy permutations alone",
        ),
        Rival(
            "datasketch xxhash",
            ("datasketch", "xxhash"),
            {kind: _datasketch("xxhash", kind) for kind in (TEXT, TOKENS)},
            _SHINGLES,
        ),
        Rival("rensa R-MinHash", ("rensa",), {kind: _rensa(False, kind) for kind in (TEXT, TOKENS, HASHES)}, _SHINGLES),
        Rival(
            "rensa Rho",
            ("rensa",),
            {kind: _rensa(True, kind) for kind in (TEXT, TOKENS, HASHES)},
            _SHINGLES,
            "looks at some 14 shingles of a long prompt and leaves slots empty: a filter, not an estimator",
        ),
        Rival(
            "rensa Rho, all tokens",
            ("rensa",),
            {HASHES: _rensa(True, HASHES, RHO_FULL)},
            None,
            "RENSA_RHO_TOKEN_BUDGET=0 RENSA_RHO_DENSIFY=1: looks at every shingle",
        ),
        Rival(
            "gaoya",
            ("gaoya",),
            {kind: _gaoya(kind) for kind in (TEXT, TOKENS)},
            None,
            "words at white space only, in Rust; filling its index is part of its time",
        ),
    ),
)
