"""Writes the prompts of a batch of calls: a table of pieces of the pool a call, then one copy of bytes."""

from dataclasses import dataclass

import numba
import numpy as np
import pyarrow as pa

from bench.days.large_accounts import Habits
from bench.days.large_texts import TYPED_BYTES_MAX, Pool

_SECOND_SHARE = 0.5  # of short calls have two prompts of the account in one
_CONTEXT_SPREAD = 0.6
_CONTEXT_BYTES = (40, 6_000)
# What stands where in a prompt. Context comes before or behind the message, with its separator.
_FRAME, _BEFORE, _BEFORE_END, _WRAP, _GREETING, _MAIN = range(6)
_ENDING, _CLOSING, _WRAP_END, _AFTER_BEGIN, _AFTER, _FRAME_END = range(6, 12)
_LOWER, _SENTENCE = 1, 2


@dataclass(frozen=True)
class Written:
    """The prompts of a batch."""

    prompts: pa.StringArray
    hashes: np.ndarray  # uint64, to count distinct ones


@numba.njit
def _fill(text: np.ndarray, table: np.ndarray, hand: np.ndarray, dice: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Copy every part of ``table`` (calls, parts, 2: first byte and bytes) to its place; hashes of the prompts.

    hand : (calls, 2) casing, and typing errors of the message; dice : uint64 to place these.
    """
    hashes = np.empty(table.shape[0], np.uint64)
    at = 0
    for row in range(table.shape[0]):
        begin = at
        for part in range(table.shape[1]):
            first, size = table[row, part, 0], table[row, part, 1]
            for byte in range(size):
                out[at + byte] = text[first + byte]
            if part == _MAIN:
                _style(out[at : at + size], hand[row, 0], hand[row, 1], dice[row])
            at += size
        value = np.uint64(14695981039346656037)
        for place in range(begin, at):
            value = (value ^ np.uint64(out[place])) * np.uint64(1099511628211)
        hashes[row] = value
    return hashes


@numba.njit
def _is_letter(byte: int) -> bool:
    return 97 <= (byte | 32) <= 122 and byte < 128


@numba.njit
def _style(message: np.ndarray, casing: int, errors: int, die: np.uint64) -> None:
    """Casing, then swapped and wrong letters, in place."""
    if casing == _LOWER:
        for at in range(message.size):
            if 65 <= message[at] <= 90:
                message[at] += 32
    elif casing == _SENTENCE and message.size and 97 <= message[0] <= 122:
        message[0] -= 32
    if message.size < 4:
        return
    state = die | np.uint64(1)
    for _ in range(errors):
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        at = 1 + np.int64((state >> np.uint64(8)) % np.uint64(message.size - 2))
        if not _is_letter(message[at]):
            continue
        if state & np.uint64(1) and _is_letter(message[at + 1]):
            message[at], message[at + 1] = message[at + 1], message[at]
        else:
            message[at] = 97 + np.int64((state >> np.uint64(40)) % np.uint64(26))


def write(
    pool: Pool, habits: Habits, account: np.ndarray, random: np.random.Generator, attack: np.ndarray, more: np.ndarray
) -> Written:
    """The prompts of calls of these accounts, one each.

    attack : piece of a campaign, or -1 for the account's own words; more : bool, attacks that carry an input.
    """
    count = account.size
    honest = attack < 0
    piece = np.where(honest, _draw_pieces(pool, habits, account, random), attack)
    typed = honest & (pool.piece_size[piece] <= TYPED_BYTES_MAX)
    ending = np.where(typed & (random.random(count) < 0.85), habits.ending[account], -1)
    table = np.zeros((count, _FRAME_END + 1, 2), np.int64)
    table[:, _MAIN, 0] = pool.piece_first[piece]
    table[:, _MAIN, 1] = np.where(ending >= 0, pool.piece_core[piece], pool.piece_size[piece])

    def fixed(part: int, string: np.ndarray, used: np.ndarray) -> None:
        table[:, part, 0] = pool.string_first[string]
        table[:, part, 1] = np.where(used, pool.string_size[string], 0)

    fixed(_ENDING, ending, ending >= 0)
    around = habits.around[account]
    fixed(_GREETING, around[:, 0], honest & (random.random(count) < 0.6))
    fixed(_CLOSING, around[:, 1], honest & (random.random(count) < 0.6))
    wrapped = honest & (random.random(count) < 0.8)
    fixed(_WRAP, around[:, 2], wrapped)
    fixed(_WRAP_END, around[:, 3], wrapped)
    fixed(_FRAME, around[:, 4], honest)
    fixed(_FRAME_END, around[:, 5], honest)
    _add_context(pool, habits, account, random, table, honest, more)
    rate = np.where(typed, habits.errors[account], 0.0) * table[:, _MAIN, 1]
    hand = np.column_stack([np.where(typed, habits.casing[account], 0), np.floor(rate + random.random(count))])
    sizes = table[:, :, 1].sum(axis=1)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    out = np.empty(ends[-1], np.uint8)
    dice = random.integers(0, 2**63, count).astype(np.uint64)
    hashes = _fill(pool.text, table, hand.astype(np.int64), dice, out)
    offsets = pa.py_buffer(ends.astype(np.int32))
    return Written(pa.StringArray.from_buffers(count, offsets, pa.py_buffer(out)), hashes)


def _draw_pieces(pool: Pool, habits: Habits, account: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A piece a call: mostly of the account's topics, else of anywhere in its source; now and then of its other one."""
    count = account.size
    aside = random.random(count) < habits.side_share[account]
    pick = random.random(count)
    niche = np.where(
        aside,
        habits.side_niche[account, (pick * habits.side_niche.shape[1]).astype(np.int64)],
        habits.niche[account, (pick * habits.niche.shape[1]).astype(np.int64)],
    )
    anywhere = np.where(aside[:, None], habits.side[account], habits.source[account])
    own = random.random(count) >= habits.wander[account]
    first = np.where(own, pool.niche_first[niche], anywhere[:, 0])
    size = np.where(own, pool.niche_size[niche], anywhere[:, 1])
    return first + (random.random(count) * size).astype(np.int64)


def _add_context(
    pool: Pool,
    habits: Habits,
    account: np.ndarray,
    random: np.random.Generator,
    table: np.ndarray,
    honest: np.ndarray,
    more: np.ndarray,
) -> None:
    """An excerpt beside the message, or a second message: into ``table``."""
    count = account.size
    quoting = np.where(honest, random.random(count) < habits.context_share[account], more)
    window = np.where((random.random(count) < 0.9)[:, None], habits.window[account], habits.stream[account])
    word = window[:, 0] + (random.random(count) * window[:, 1]).astype(np.int64)
    first = pool.breaks[word]
    wanted = habits.context_bytes[account] * random.lognormal(0.0, _CONTEXT_SPREAD, count)
    last_word = habits.stream[account].sum(axis=1) - 1
    end = np.searchsorted(pool.breaks, first + np.clip(wanted, *_CONTEXT_BYTES).astype(np.int64))
    size = pool.breaks[np.minimum(end, last_word)] - first
    another = _draw_pieces(pool, habits, account, random)
    second = honest & ~quoting & (habits.context_share[account] > 0) & (random.random(count) < _SECOND_SHARE)
    second &= pool.piece_size[another] <= TYPED_BYTES_MAX
    first = np.where(quoting, first, pool.piece_first[another])
    size = np.where(quoting, size, np.where(second, pool.piece_size[another], 0))
    ahead = honest & quoting & habits.context_first[account]
    table[:, _BEFORE, 0] = table[:, _AFTER, 0] = first
    table[:, _BEFORE, 1], table[:, _AFTER, 1] = np.where(ahead, size, 0), np.where(ahead, 0, size)
    kinds = pool.string_ids(("\n\n", "\n", "\n\nInput:\n"))
    separator = np.where(honest, np.where(quoting, kinds[0], kinds[1]), kinds[2])
    for part, used in ((_BEFORE_END, ahead), (_AFTER_BEGIN, ~ahead)):
        table[:, part, 0] = pool.string_first[separator]
        table[:, part, 1] = np.where(used & (size > 0), pool.string_size[separator], 0)
