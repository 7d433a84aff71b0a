"""Watermarks in token ids: what a watermarked service left in a text, or in a model that learnt from it.

A service that watermarks prefers tokens whose keyed value (``kernels.tracing.windows``) is lucky. What lucky is:

    green-list   value below a share of all values (Kirchenbauer et al., "A watermark for large language models",
                 ICML 2023, section 3 and algorithm 2). Green tokens of n windows: binomial(n, share).
    gumbel       sum of -ln(1 - u), u the value as a number between 0 and 1 (Aaronson, lecture of November 2022;
                 Fernandez et al. 2023, section II). Gamma(n, 1), as each term is exponential.
    tournament   ones among the lowest ``layers`` bits, the g-values of a tournament's layers (Dathathri et al.,
                 "Scalable watermarking for identifying large language model outputs", Nature 2024, methods: mean
                 score). Binomial(n layers, 1/2).

These distributions are exact over the choice of the key, whatever the text, because each window counts once (Fernandez
et al. 2023, section III, on tests that hold far out in the tail). Under one key, texts that share windows err together:
one suspect's outputs are one test, and its texts are not tests of their own.

A model that was trained on watermarked text prefers the same tokens: it is radioactive (Sander et al. 2024, section 4).
Where served text is known, only windows whose context was served are asked, as others cannot have been learnt by heart.

Below 1e-290 a bound stands in place of the tail: Chernoff's, which is never below it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from gauger.engine.common.errors import InputError
from gauger.engine.common.threads import blocks
from gauger.engine.tracing.commitments import DRAWS_LOG10, canonical
from gauger.kernels.tracing.windows import add_contexts, distinct, window_values

GREEN_LIST, GUMBEL, TOURNAMENT = SCHEMES = ("green-list", "gumbel", "tournament")
WIDTH_MAX, LAYERS_MAX = 16, 64
TOKENS_MAX = 100_000_000  # each takes 28 bytes
_BLOCK = 1 << 18  # values scored at once
_PART = 1 << 14
_FIXED = 1 << 32  # parts of a unit in which terms are added up, so that their order changes nothing
_SMALLEST = 1e-290

Texts = tuple[np.ndarray, np.ndarray]  # token ids behind each other, int32; where each begins, int64[n + 1]


@dataclass(frozen=True)
class Watermark:
    """A watermark that a service uses. ``repr`` does not show the key."""

    scheme: str
    key: bytes  # 16
    width: int = 4  # tokens of a context
    share: float = 0.25  # of tokens that are green
    layers: int = 30  # of a tournament

    def __repr__(self) -> str:
        return f"Watermark({self.scheme!r}, width={self.width})"

    @property
    def words(self) -> np.ndarray:
        """The key as kernels take it; uint64[2]."""
        return np.frombuffer(self.key, "<u8").astype(np.uint64)

    def fingerprint(self) -> str:
        """SHA-256 of what the watermark is, for a commitment: publish it before the watermark is used."""
        said = {"scheme": self.scheme, "key": self.key.hex(), "width": self.width}
        said |= {"share": self.share} if self.scheme == GREEN_LIST else {}
        said |= {"layers": self.layers} if self.scheme == TOURNAMENT else {}
        return hashlib.sha256(canonical(said)).hexdigest()


@dataclass(frozen=True)
class WatermarkTest:
    """What outputs say of a watermark."""

    scheme: str
    fingerprint: str
    outputs: int
    tokens: int
    windows: int  # that count
    score: float
    expected: float  # of the score, without the watermark
    log10_probability: float  # of such a score or a higher one, then; an upper bound where it is below 1e-290
    only_served: bool  # whether only windows count whose context was served

    @property
    def log10_if_redrawn(self) -> float:
        """An upper bound of the same had 2^64 keys been tried for the best (Bonferroni)."""
        return min(0.0, self.log10_probability + DRAWS_LOG10)


def weigh(watermark: Watermark, texts: Texts, served: Texts | None = None) -> WatermarkTest:
    """The test of a watermark in texts. served : what the service answered, whose contexts alone count then.

    Raises InputError for more tokens than fit in memory.
    """
    tokens, offsets = texts
    if max(len(tokens), 0 if served is None else len(served[0])) > TOKENS_MAX:
        raise InputError(f"more than {TOKENS_MAX:,} tokens; give a sample of the outputs")
    contexts = np.zeros(0, np.uint64)
    if served is not None:
        contexts = _table(len(served[0]))
        add_contexts(*served, watermark.width, watermark.words, contexts)
    once = windows_of(watermark, texts, contexts)
    score, expected, probability = weigh_windows(watermark, once)
    return WatermarkTest(
        watermark.scheme, watermark.fingerprint(), len(offsets) - 1, len(tokens), len(once), score, expected,
        probability, served is not None,
    )  # fmt: skip


def windows_of(watermark: Watermark, texts: Texts, contexts: np.ndarray) -> np.ndarray:
    """The value of each different window of texts, uint64, in no order that means anything.

    contexts : a table of those that alone count, or nothing for all; uint64
    """
    tokens, offsets = texts
    values = np.empty(len(tokens), np.uint64)
    values = values[: window_values(tokens, offsets, watermark.width, watermark.words, contexts, values)]
    once = np.empty(len(values), np.uint64)
    return once[: distinct(values, _bits(len(values)), once)]


def weigh_windows(watermark: Watermark, values: np.ndarray) -> tuple[float, float, float]:
    """Score of different windows' values, uint64; what is expected of it; log10 of the probability of so much."""
    units = sum(blocks(lambda start, stop: _units(watermark, values[start:stop]), len(values), _BLOCK))
    return _tested(watermark, len(values), units)


def _table(values: int) -> np.ndarray:
    """An empty table for so many values; uint64."""
    return np.zeros(1 << max(4, (2 * values).bit_length()), np.uint64)


def _bits(values: int) -> int:
    """Parts, as a power of two, in which so many values are dealt so that each fits in a cache."""
    return max(1, (values // _PART).bit_length())


def _units(watermark: Watermark, values: np.ndarray) -> int:
    """What values add to a score, in whole units: green tokens, parts of 2^-32, or ones."""
    if watermark.scheme == GREEN_LIST:
        return int((values < np.uint64(min(2**64 - 1, int(watermark.share * 2**64)))).sum())
    if watermark.scheme == TOURNAMENT:
        return int(np.bitwise_count(values & np.uint64((1 << watermark.layers) - 1)).sum(dtype=np.int64))
    others = (values >> np.uint64(11)).astype(np.float64)  # u = (others + 1/2) / 2^53, so 1 - u is neither 0 nor 1
    terms = -np.log1p(-(others + 0.5) * 2.0**-53)
    return int((terms * _FIXED).astype(np.int64).sum())


def _tested(watermark: Watermark, windows: int, units: int) -> tuple[float, float, float]:
    """Score, what is expected of it, and log10 of the probability of such a score or a higher one."""
    if windows == 0:
        return 0.0, 0.0, 0.0
    if watermark.scheme == GUMBEL:
        score = units / _FIXED
        return score, float(windows), log10_gamma(score, windows)
    share = watermark.share if watermark.scheme == GREEN_LIST else 0.5
    trials = windows * (watermark.layers if watermark.scheme == TOURNAMENT else 1)
    return float(units), trials * share, log10_binomial(units, trials, share)


def log10_binomial(successes: int, trials: int, share: float) -> float:
    """log10 of P(X >= successes), X binomial: the regularised incomplete beta function."""
    if successes <= 0:
        return 0.0
    tail = float(special.betainc(successes, trials - successes + 1, share))
    if tail > _SMALLEST:
        return math.log10(tail)
    seen = successes / trials  # Chernoff: exp(-n KL(seen, share))
    less = 0.0 if successes == trials else (1 - seen) * math.log((1 - seen) / (1 - share))
    return -trials * (seen * math.log(seen / share) + less) / math.log(10)


def log10_gamma(score: float, terms: int) -> float:
    """log10 of P(X >= score), X the sum of so many standard exponential terms: the incomplete gamma function."""
    tail = float(special.gammaincc(terms, score))
    if tail > _SMALLEST:
        return math.log10(tail)
    return -(score - terms - terms * math.log(score / terms)) / math.log(10)  # Chernoff
