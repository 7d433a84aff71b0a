"""Atoms: grams of one prompt that occur in the same prompts, and how atoms stand to each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gauger.kernels.families.vocabulary import Grams  # noqa: F401 (signatures)
from gauger.kernels.machine.jit import kernel


class Company(NamedTuple):
    """In how many prompts each atom is seen in such company, int32 per atom (see ``weigh_atoms``)."""

    crossed: np.ndarray
    nested: np.ndarray
    accompanied: np.ndarray


@kernel("i64(i64_in, Grams(i64_in, i32_in), i32_in, i64, i32_out, u8_out, i64_out, i32_out)")
def find_atoms(prompts, grams, identity, least_grams, held, kept, atom_prompt, atom_identity):
    """Find, prompt by prompt, the identities that at least ``least_grams`` of its grams share.

    prompts : int64, the prompts to look at; grams : ``Grams``, gram numbers of each prompt, each once
    identity : int32 per gram, -1 = none; held : int32 per identity, zero before and after
    kept : uint8 as long as there are numbers, output: 1 where a gram is part of an atom
    atom_prompt, atom_identity : output, one entry an atom of a prompt, in order; returns how many
    """
    offsets, numbers = grams
    atoms = 0
    for at in range(prompts.size):
        prompt = prompts[at]
        start, end = offsets[prompt], offsets[prompt + 1]
        for i in range(start, end):
            group = identity[numbers[i]]
            if group >= 0:
                held[group] += 1
        for i in range(start, end):
            group = identity[numbers[i]]
            kept[i] = 0
            if group < 0:
                continue
            if held[group] >= least_grams:
                atom_prompt[atoms], atom_identity[atoms] = prompt, group
                atoms += 1
                held[group] = -held[group]  # written down; its other grams are kept all the same
            if held[group] < 0:
                kept[i] = 1
        for i in range(start, end):
            group = identity[numbers[i]]
            if group >= 0:
                held[group] = 0
    return atoms


@kernel("void(Grams(i64_in, i32_in), u8_in, i32_in, i64, i64, i32_out, i32_out2)")
def main_atoms(grams, kept, identity, least_grams, percent, held, main):
    """The identity that most of a prompt's kept grams share, of equals the least, and one more that many share.

    grams, identity : as in ``find_atoms``; kept : uint8 as long as there are numbers
    percent : share of the kept grams from which on an identity is one of the two, more than 33
    held : int32 per identity, zero before and after
    main : int32[n, 2], output; the lesser first, (-1, i) for one alone, (-1, -1) below ``least_grams`` kept grams
    """
    offsets, numbers = grams
    for prompt in range(offsets.size - 1):
        total, best, second = 0, np.int32(-1), np.int32(-1)
        for i in range(offsets[prompt], offsets[prompt + 1]):
            if kept[i]:
                group = identity[numbers[i]]
                held[group] += 1
                total += 1
                if best < 0 or held[group] > held[best] or (held[group] == held[best] and group < best):
                    best = group
        for i in range(offsets[prompt], offsets[prompt + 1]):
            if kept[i]:
                group = identity[numbers[i]]
                if group != best and held[group] * 100 >= percent * total:
                    second = group
        for i in range(offsets[prompt], offsets[prompt + 1]):
            if kept[i]:
                held[identity[numbers[i]]] = 0
        enough = total >= least_grams
        main[prompt, 0] = min(best, second) if enough else -1
        main[prompt, 1] = max(best, second) if enough else -1


@kernel("void(i64_in, i32_in, i64, i64_out)")
def atom_pairs(starts, atoms, count, pairs):
    """Keys of all pairs of atoms of one prompt: smaller atom * count + greater atom.

    starts : int64[p + 1], atoms of prompt i are atoms[starts[i]:starts[i + 1]]; pairs : int64, output, in order
    """
    written = 0
    for prompt in range(starts.size - 1):
        for i in range(starts[prompt], starts[prompt + 1]):
            for j in range(i + 1, starts[prompt + 1]):
                pairs[written] = min(atoms[i], atoms[j]) * count + max(atoms[i], atoms[j])
                written += 1


@kernel("void(i64_in, i32_in, i64_in, i64_in, i64, i64, Company(i32_out, i32_out, i32_out))")
def weigh_atoms(starts, atoms, holders, shared, ratio, nested_percent, company):
    """Count the prompts in which an atom crosses a larger one, in which it stands beside a peer inside a larger one,
    and in which it stands beside two peers, wherever.

    starts, atoms : as in ``atom_pairs``; holders : int64, prompts that hold each atom
    shared : int64, prompts that hold both of a pair, in the order of ``atom_pairs``
    Of two atoms the larger has at least ``ratio`` times the holders. The smaller nests in it when ``nested_percent`` of
    its holders hold both, and crosses it otherwise. Two that are neither larger nor smaller are peers unless one nests.
    company : ``Company``, added to
    """
    crossed, nested, accompanied = company
    width = 0
    for prompt in range(starts.size - 1):
        width = max(width, starts[prompt + 1] - starts[prompt])
    crosses, nests, peers = np.empty(width, np.int64), np.empty(width, np.int64), np.empty(width, np.int64)
    pair = 0
    for prompt in range(starts.size - 1):
        start = starts[prompt]
        count = starts[prompt + 1] - start
        for i in range(count):
            crosses[i] = nests[i] = peers[i] = 0
        for i in range(count):
            for j in range(i + 1, count):
                both = shared[pair] * 100
                pair += 1
                left, right = holders[atoms[start + i]], holders[atoms[start + j]]
                if left >= ratio * right:
                    if both < nested_percent * right:
                        crosses[j] = 1
                    else:
                        nests[j] = 1
                elif right >= ratio * left:
                    if both < nested_percent * left:
                        crosses[i] = 1
                    else:
                        nests[i] = 1
                elif both < nested_percent * min(left, right):
                    peers[i] += 1
                    peers[j] += 1
        for i in range(count):
            crossed[atoms[start + i]] += crosses[i]
            nested[atoms[start + i]] += np.int64(nests[i] == 1 and peers[i] >= 1)
            accompanied[atoms[start + i]] += np.int64(peers[i] >= 2)
