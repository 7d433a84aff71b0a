"""MinHash: root mean square error of the estimated Jaccard similarity, beside theory and the libraries.

Pairs of sets of random elements with a known similarity, drawn anew for every pair; each library gets the same sets in
the form its bench does. The theory is Broder's sqrt(J (1 - J) / k) for k slots; a J that whole elements cannot give is
replaced by the nearest they can.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gauger.benchmark.rivals.contest import lacks
from gauger.benchmark.rivals.minhash import RHO_FULL, SEED, gaoya_index
from gauger.benchmark.turns import variables
from gauger.engine.common.secret import Secret
from gauger.kernels.sketches import minhash

SLOTS = minhash.SLOTS
SIMILARITIES = (0.1, 0.3, 0.5, 0.7, 0.9)
SIZES = (4, 16, 64, 256, 1024)  # elements of each set
BOUND = 1.1  # of theory
TRIALS = 4_000
_MOST = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True)
class Pairs:
    """Pairs of sets: rows 2 i and 2 i + 1 are the i-th. All of one size."""

    sets: np.ndarray  # uint64[2 n, size], distinct elements
    similarity: float

    @property
    def offsets(self) -> np.ndarray:
        """Where each row begins and ends in the flat array, int64."""
        rows, size = self.sets.shape
        return np.arange(rows + 1, dtype=np.int64) * size


@dataclass(frozen=True)
class Row:
    """Error of one estimator on pairs of one size and similarity."""

    who: str
    size: int
    similarity: float
    trials: int
    rmse: float
    bias: float
    theory: float


def overlaps(size: int) -> list[int]:
    """How many elements the sets of a pair share, for each similarity that a size allows, 0 and 1 left out."""
    shared = {round(2 * size * similarity / (1 + similarity)) for similarity in SIMILARITIES}
    return sorted(shared - {0, size})


def pairs(size: int, shared: int, count: int, generator: np.random.Generator) -> Pairs:
    """``count`` pairs of sets that share so many elements."""
    union = generator.integers(0, 2**64, (count, 2 * size - shared), dtype=np.uint64)
    left, right = union[:, :size], union[:, size - shared :]
    sets = np.stack([left, right], axis=1).reshape(2 * count, size)
    # Position in a set must carry nothing: Rho samples by position.
    return Pairs(generator.permuted(sets, axis=1), shared / (2 * size - shared))


def _equal(rows: np.ndarray) -> np.ndarray:
    return np.mean(rows[0::2] == rows[1::2], axis=1)


def ours(given: Pairs) -> np.ndarray:
    """Estimates from full slots, under a key of their own for every hundred pairs."""
    found = []
    for at in range(0, len(given.sets), 200):
        part = Pairs(given.sets[at : at + 200], given.similarity)
        out = np.empty((len(part.sets), SLOTS), np.uint32)
        minhash.sign_sets(part.sets.ravel(), part.offsets, Secret.random().key, out)
        found.append(out)
    return _equal(np.concatenate(found))


def ours_8_bits(given: Pairs) -> np.ndarray:
    """Estimates from the eight bits a slot that are kept, corrected for chance."""
    out = np.empty((len(given.sets), SLOTS), np.uint32)
    minhash.sign_sets(given.sets.ravel(), given.offsets, Secret.random().key, out)
    chance = 2.0**-8
    return (_equal(out.astype(np.uint8)) - chance) / (1 - chance)


def datasketch(given: Pairs) -> np.ndarray:
    """MinHash.bulk of 32-bit hashes."""
    from datasketch import MinHash

    rows = (given.sets & np.uint64(_MOST)).tolist()
    return _equal(np.stack([one.hashvalues for one in MinHash.bulk(rows, num_perm=SLOTS, hashfunc=int)]))


def rensa(given: Pairs) -> np.ndarray:
    """R-MinHash of hashes."""
    from rensa import RMinHash

    return _equal(_rows(RMinHash.digest_matrix_from_flat_token_hashes, given))


def rensa_rho(given: Pairs) -> np.ndarray:
    """Rho as it comes; slots empty on both sides say nothing and are left out."""
    from rensa import RMinHash

    return _equal_used(_rows(RMinHash.digest_matrix_from_flat_token_hashes_rho, given))


def rensa_rho_full(given: Pairs) -> np.ndarray:
    """Rho made to look at all tokens; what it leaves empty is left out."""
    from rensa import RMinHash

    with variables(RHO_FULL):
        return _equal_used(_rows(RMinHash.digest_matrix_from_flat_token_hashes_rho, given))


def _equal_used(rows: np.ndarray) -> np.ndarray:
    left, right = rows[0::2], rows[1::2]
    used = (left != _MOST) | (right != _MOST)
    return np.sum((left == right) & used, axis=1) / np.maximum(1, used.sum(axis=1))


def _rows(digest: Callable[..., Any], given: Pairs) -> np.ndarray:
    matrix = digest(given.sets.ravel(), given.offsets.astype(np.uint64), SLOTS, SEED)
    return np.asarray(matrix.to_rows(), np.uint32)


def gaoya(given: Pairs) -> np.ndarray:
    """Similarity its index reports: of bands of one slot, so that all but hopeless pairs are candidates."""
    found = []
    names = [[f"{element:x}" for element in row] for row in given.sets.tolist()]
    for left, right in zip(names[0::2], names[1::2], strict=True):
        index = gaoya_index((1, 1), SLOTS, 1, threshold=0.0).minhash_index
        index.insert_tokens(1, left)
        hits = index.query_tokens_return_similarity(right)
        found.append(hits[0][1] if hits else 0.0)
    return np.asarray(found)


# Estimator, the package it needs, and how many pairs it gets at most: the slow ones fewer.
ESTIMATORS: Mapping[str, tuple[Callable[[Pairs], np.ndarray], str | None, int]] = {
    "gauger": (ours, None, TRIALS),
    "gauger, 8 bits kept": (ours_8_bits, None, TRIALS),
    "datasketch": (datasketch, "datasketch", 2_000),
    "rensa R-MinHash": (rensa, "rensa", TRIALS),
    "rensa Rho": (rensa_rho, "rensa", TRIALS),
    "rensa Rho, all tokens": (rensa_rho_full, "rensa", TRIALS),
    "gaoya": (gaoya, "gaoya", 400),
}


def measure(trials: int = TRIALS, seed: int = 1) -> list[dict[str, object]]:
    """Error of every estimator that is installed, at every size and similarity."""
    generator = np.random.default_rng(seed)
    rows = []
    for size in SIZES:
        for shared in overlaps(size):
            drawn = pairs(size, shared, trials, generator)
            for who, (estimate, package, most) in ESTIMATORS.items():
                if package is not None and lacks(package):
                    continue
                given = Pairs(drawn.sets[: 2 * most], drawn.similarity)
                rows.append(asdict(row(who, size, given, estimate(given))))
    return rows


def row(who: str, size: int, given: Pairs, estimates: np.ndarray) -> Row:
    """What some estimates are worth."""
    errors = estimates - given.similarity
    theory = float(np.sqrt(given.similarity * (1 - given.similarity) / SLOTS))
    rmse, bias = float(np.sqrt(np.mean(errors**2))), float(np.mean(errors))
    return Row(who, size, given.similarity, len(errors), rmse, bias, theory)
