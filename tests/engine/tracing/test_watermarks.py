"""Watermarks: p-values that are uniform on clean text and exact, and that find what is there."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom, gamma, kstest

from gauger.engine.common.errors import InputError
from gauger.engine.tracing import watermarks
from gauger.engine.tracing.watermarks import (
    GREEN_LIST,
    GUMBEL,
    SCHEMES,
    TOURNAMENT,
    Texts,
    Watermark,
    log10_binomial,
    log10_gamma,
    weigh,
)
from gauger.kernels.tracing.windows import candidate_values
from tests.kernels.naive import siphash

KEY = bytes(range(16))


def texts(number: int, length: int, seed: int) -> Texts:
    random = np.random.default_rng(seed)
    tokens = np.minimum(random.zipf(1.3, number * length), 5_000).astype(np.int32)
    return tokens, np.arange(0, number * length + 1, length, dtype=np.int64)


def marked(watermark: Watermark, length: int, share: float = 1.0) -> Texts:
    """A text in which a share of tokens is the luckiest of eight candidates."""
    random = np.random.default_rng(5)
    said = list(range(watermark.width))
    for _ in range(length):
        candidates = random.integers(0, 30_000, 8).astype(np.int32)
        out = np.empty(8, np.uint64)
        candidate_values(np.array(said[-watermark.width :], np.int32), candidates, watermark.words, out)
        lucky = {
            GREEN_LIST: -out.astype(float),
            GUMBEL: out.astype(float),
            TOURNAMENT: np.bitwise_count(out & np.uint64(2**30 - 1)),
        }[watermark.scheme]
        said.append(int(candidates[np.argmax(lucky) if random.random() < share else 0]))
    return np.array(said, np.int32), np.array([0, len(said)], np.int64)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_p_values_of_clean_texts_are_uniform(scheme: str) -> None:
    """Each text under a key of its own, as texts share windows; discrete ones spread within their steps."""
    random = np.random.default_rng(2)
    found = []
    for number in range(300):
        test = weigh(Watermark(scheme, random.bytes(16), width=3), texts(4, 150, number))
        high = 10**test.log10_probability
        steps = {GREEN_LIST: (test.windows, 0.25), TOURNAMENT: (30 * test.windows, 0.5)}
        low = high if scheme == GUMBEL else binom.sf(test.score, *steps[scheme])
        found.append(low + (high - low) * random.random())
    assert kstest(found, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_watermark_is_found_under_its_key_alone(scheme: str) -> None:
    used = Watermark(scheme, KEY, width=2)
    said = marked(used, 400)
    assert weigh(used, said).log10_probability < -30
    assert weigh(Watermark(scheme, KEY[::-1], width=2), said).log10_probability > -3
    assert weigh(Watermark(scheme, KEY, width=3), said).log10_probability > -3
    assert -30 < weigh(used, marked(used, 400, 0.3)).log10_probability < -2


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_score_is_that_of_the_page(scheme: str) -> None:
    tokens, offsets = texts(5, 40, 1)
    watermark = Watermark(scheme, KEY, width=2)
    pieces = [tokens[a:b].tolist() for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]
    windows = {tuple(piece[at - 2 : at + 1]) for piece in pieces for at in range(2, len(piece))}
    key = [int(word) for word in watermark.words]
    values = [siphash(key[0], key[1], np.array(window, "<i4").tobytes())[0] for window in windows]
    score = {
        GREEN_LIST: sum(value < 0.25 * 2**64 for value in values),
        GUMBEL: sum(-math.log1p(-value / 2**64) for value in values),
        TOURNAMENT: sum((value & (2**30 - 1)).bit_count() for value in values),
    }[scheme]
    test = weigh(watermark, (tokens, offsets))
    assert test.windows == len(windows)
    assert test.score == pytest.approx(score, abs=1e-6)
    assert test.expected == pytest.approx(len(windows) * {GREEN_LIST: 0.25, GUMBEL: 1, TOURNAMENT: 15}[scheme])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_repeats_and_order_change_nothing(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watermark = Watermark(scheme, KEY, width=2)
    tokens, offsets = texts(20, 30, 1)
    once = weigh(watermark, (tokens, offsets))
    pieces = np.split(tokens, offsets[1:-1])
    again = weigh(watermark, (np.concatenate([*pieces[::-1], *pieces]), np.arange(0, 2 * len(tokens) + 1, 30)))
    assert (again.windows, again.score, again.log10_probability) == (once.windows, once.score, once.log10_probability)
    monkeypatch.setattr(watermarks, "_BLOCK", 70)
    assert weigh(watermark, (tokens, offsets)) == once


def test_only_contexts_that_were_served_count() -> None:
    used = Watermark(GUMBEL, KEY, width=2)
    said = marked(used, 300)
    other = texts(20, 100, 7)
    mixed = (np.concatenate([said[0], other[0]]), np.concatenate([said[1], said[1][-1] + other[1][1:]]))
    everything, served = weigh(used, mixed), weigh(used, mixed, said)
    assert 290 <= served.windows < everything.windows
    assert served.log10_probability < everything.log10_probability
    assert served.only_served
    nothing = weigh(used, mixed, (np.zeros(0, np.int32), np.zeros(1, np.int64)))
    assert (nothing.windows, nothing.log10_probability) == (0, 0.0)


@pytest.mark.parametrize(
    ("successes", "trials"), [(0, 10), (3, 10), (10, 10), (700, 1_000), (1_000, 1_000), (400, 1_000)]
)
def test_binomial_tails(successes: int, trials: int) -> None:
    share = Fraction(1, 4)
    terms = (math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes, trials + 1))
    tail = sum(terms, Fraction(0))
    exact = (math.log(tail.numerator) - math.log(tail.denominator)) / math.log(10)
    found = log10_binomial(successes, trials, 0.25)
    if exact > -290:
        assert found == pytest.approx(exact, rel=1e-9, abs=1e-9)
    else:
        assert exact <= found + 1e-9  # a bound, and not a loose one
        assert found == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize(("score", "terms"), [(0.5, 1), (100.0, 80), (2_000.0, 1_000), (3_000.0, 1_000)])
def test_gamma_tails(score: float, terms: int) -> None:
    exact = gamma.logsf(score, terms) / math.log(10)
    if exact > -290:
        assert log10_gamma(score, terms) == pytest.approx(exact, rel=1e-9)
    else:
        # 1 / (score - terms) of Chernoff's bound or so
        assert -400 < log10_gamma(3_000.0, 1_000) < log10_gamma(2_900.0, 1_000) < -290


def test_a_watermark_hides_its_key_and_has_a_fingerprint_of_its_own() -> None:
    assert KEY.hex() not in repr(Watermark(GUMBEL, KEY))
    prints = {Watermark(scheme, KEY, width).fingerprint() for scheme in SCHEMES for width in (1, 2)}
    assert len(prints) == 6
    assert Watermark(GUMBEL, KEY, share=0.5).fingerprint() == Watermark(GUMBEL, KEY).fingerprint()


def test_too_many_tokens_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watermarks, "TOKENS_MAX", 100)
    with pytest.raises(InputError, match="more than 100 tokens"):
        weigh(Watermark(GUMBEL, KEY), texts(2, 60, 1))
