"""Grams that the same prompts hold: every gram beside the most widely held one whose holders are nearly its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.families.vocabulary import Grams
from gauger.kernels.machine.jit import kernel

U8 = np.uint8


class Holders(NamedTuple):
    """Prompts that hold each of g grams: those of gram i are prompts[offsets[i]:offsets[i + 1]], ascending."""

    offsets: np.ndarray  # int64[g + 1]
    prompts: np.ndarray  # int32


@kernel("void(Grams(i64_in, i32_in), Holders(i64_out, i32_out), i64_out)")
def list_holders(grams: Grams, holders: Holders, lengths: np.ndarray) -> None:
    """List the prompts that hold each gram.

    grams : ``Grams``, numbers below g of n prompts, each once
    holders : ``Holders``, output; offsets begin as those of the lists, and so they end
    lengths : int64[g], zero; receives how many grams the prompts that hold each have in all
    """
    prompt_offsets, numbers = grams
    offsets, prompts = holders
    for prompt in range(prompt_offsets.size - 1):
        for i in range(prompt_offsets[prompt], prompt_offsets[prompt + 1]):
            gram = numbers[i]
            prompts[offsets[gram]] = np.int32(prompt)
            offsets[gram] += 1
            lengths[gram] += prompt_offsets[prompt + 1] - prompt_offsets[prompt]
    for gram in range(offsets.size - 1, 0, -1):  # each offset now stands where the next list began
        offsets[gram] = offsets[gram - 1]
    offsets[0] = 0


@kernel("i64(i64_in, Grams(i64_in, i32_in), Holders(i64_in, i32_in), i64, i64, i32_out)")
def gather_alike(order, grams, holders, percent, looked_at, identity):
    """Number grams so that those with nearly the same holders have one number (leader clustering; Hartigan,
    "Clustering Algorithms", 1975, chapter 3).

    order : int64[g], grams as they are to lead, most widely held first
    grams : ``Grams``, numbers of each prompt; holders : ``Holders`` of the same
    percent : Jaccard similarity of two grams' holders from which on they are alike
    looked_at : of a leader's holders so many, evenly spaced, up to twice as many, are searched for grams to compare
    identity : int32[g], output; a gram that no earlier leader is like leads itself. Returns how many numbers there are.
    """
    prompt_offsets, numbers = grams
    offsets, prompts = holders
    identity[:] = -1
    seen = np.zeros(identity.size, np.int32)
    found = np.empty(identity.size, np.int64)
    held = np.zeros(prompt_offsets.size - 1, U8)
    leaders = 0
    for at in range(order.size):
        leader = order[at]
        if identity[leader] >= 0:
            continue
        identity[leader] = leaders
        leaders += 1
        start, end = offsets[leader], offsets[leader + 1]
        size = end - start
        step = max(1, size // looked_at)
        asked, count = 0, 0
        for place in range(start, end, step):
            asked += 1
            prompt = prompts[place]
            for i in range(prompt_offsets[prompt], prompt_offsets[prompt + 1]):
                gram = numbers[i]
                if identity[gram] >= 0 or (offsets[gram + 1] - offsets[gram]) * 100 < percent * size:
                    continue
                if seen[gram] == 0:
                    found[count] = gram
                    count += 1
                seen[gram] += 1
        for place in range(start, end):
            held[prompts[place]] = 1
        for i in range(count):
            gram = found[i]
            # Of all holders at least ``percent`` hold both, so of those asked hardly ever a fifth less.
            likely = seen[gram] * 125 >= percent * asked
            seen[gram] = 0
            if not likely:
                continue
            both = 0
            for place in range(offsets[gram], offsets[gram + 1]):
                both += held[prompts[place]]
            if both * 100 >= percent * (size + offsets[gram + 1] - offsets[gram] - both):
                identity[gram] = identity[leader]
        for place in range(start, end):
            held[prompts[place]] = 0
    return leaders
