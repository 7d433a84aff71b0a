"""Surrogates as n-gram models: the longest contexts first, mixed with shorter ones, sampled token by token.

A watermark is a choice among several samples: the luckiest of ``CHOICES`` is taken. That leaves what a model says
likely, as a tournament does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from gauger.engine.tracing.watermarks import GREEN_LIST, TOURNAMENT, Watermark
from gauger.kernels.tracing.windows import value_at

CHOICES = 4
_MIX = {3: (0.3, 0.7), 4: (0.15, 0.30, 0.55), 5: (0.08, 0.17, 0.35, 0.40)}  # weights of contexts of 1, 2 ... tokens
_UNUSED, _GREEN, _GUMBEL, _TOURNAMENT = range(4)


class NGrams:
    """A model of texts. order : 3 to 5, tokens of a window with its context."""

    def __init__(self, texts: Sequence[np.ndarray], order: int) -> None:
        gap = np.zeros(order - 1, np.int32)
        self._tokens = np.concatenate([part for text in texts for part in (gap, text)] + [gap]).astype(np.int32)
        self._weights = np.array(_MIX[order])
        keys, places = [], []
        for width in range(1, order):
            hashes = _contexts(self._tokens, width)
            order_of = np.argsort(hashes, kind="stable")
            keys.append(hashes[order_of])
            places.append(order_of)
        self._keys, self._places = np.array(keys), np.array(places)

    def sample(self, prompts: np.ndarray, length: int, seed: int, watermark: Watermark | None = None) -> np.ndarray:
        """Go on from prompts; int32[n, length]."""
        scheme, width, key = _UNUSED, 1, np.ones(2, np.uint64)
        if watermark is not None:
            known = {GREEN_LIST: _GREEN, TOURNAMENT: _TOURNAMENT}
            scheme, width, key = known.get(watermark.scheme, _GUMBEL), watermark.width, watermark.words
        return _sample(
            self._tokens, self._keys, self._places, self._weights, prompts, length, seed, (scheme, width, key)
        )


@numba.njit(cache=False)
def _context(tokens, at, width):
    hashed = np.uint64(width)
    for place in range(at - width, at):
        hashed = (hashed ^ np.uint64(tokens[place])) * np.uint64(0x9E3779B97F4A7C15)
        hashed ^= hashed >> np.uint64(32)
    return hashed


@numba.njit(cache=False)
def _contexts(tokens, width):
    """Of the token at each place; 0 where there is none before it."""
    found = np.zeros(tokens.size, np.uint64)
    for at in range(width, tokens.size):
        found[at] = _context(tokens, at, width)
    return found


@numba.njit(cache=False)
def _drawn(tokens, keys, places, weights, said, at):
    """A token that follows what was said."""
    rest, level = np.random.random(), len(weights) - 1
    while rest > weights[level] and level > 0:
        rest -= weights[level]
        level -= 1
    for width in range(level + 1, 0, -1):
        hashed = _context(said, at, width)
        first = np.searchsorted(keys[width - 1], hashed)
        last = np.searchsorted(keys[width - 1], hashed, side="right")
        if last > first:
            token = tokens[places[width - 1][first + np.random.randint(last - first)]]
            if token != 0:
                return token
    token = 0
    while token == 0:
        token = tokens[np.random.randint(tokens.size)]
    return token


@numba.njit(cache=False)
def _luck(value, scheme):
    if scheme == 1:  # green or not
        return -np.int64(value < np.uint64(1 << 62))
    if scheme == 2:
        return -np.int64(value >> np.uint64(1))
    ones, rest = 0, value & np.uint64((1 << 30) - 1)
    while rest:
        rest &= rest - np.uint64(1)
        ones += 1
    return -ones


@numba.njit(cache=False)
def _sample(tokens, keys, places, weights, prompts, length, seed, watermark):
    scheme, width, key = watermark
    np.random.seed(seed)
    before = prompts.shape[1]
    out = np.empty((prompts.shape[0], length), np.int32)
    said, window = np.empty(before + length, np.int32), np.empty(width + 1, np.int32)
    for row in range(prompts.shape[0]):
        said[:before] = prompts[row]
        for at in range(before, before + length):
            token = _drawn(tokens, keys, places, weights, said, at)
            if scheme != 0:
                window[:width] = said[at - width : at]
                window[width] = token
                best = _luck(value_at(key, window.ctypes.data, width + 1), scheme)
                for _ in range(CHOICES - 1):
                    other = _drawn(tokens, keys, places, weights, said, at)
                    window[width] = other
                    luck = _luck(value_at(key, window.ctypes.data, width + 1), scheme)
                    if luck < best:
                        best, token = luck, other
            said[at] = token
        out[row] = said[before:]
        window[0] = 0
    return out
