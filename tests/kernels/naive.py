"""Naive twins of the kernels: plain Python, one obvious step after another, slow, and trusted.

They follow the papers and the docstrings, not the kernels' loops: Python's own codec decodes text, words
are found by a regular expression, ranks are read off a binary string.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from gauger.kernels.machine import keys
from gauger.kernels.text import features as layout

MASK = 2**64 - 1
Span = tuple[int, int]

# Scripts written without spaces, and the code points >= 0x80 that separate words; both ends included.
UNSPACED = (
    (0x0E00, 0x109F), (0x1780, 0x17FF), (0x2E80, 0xA4CF),
    (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x10FFFF),
)  # fmt: skip
SEPARATORS = ((0x80, 0xBF), (0x2000, 0x206F), (0x3000, 0x3003))


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & MASK


def _sip_round(v: list[int]) -> None:
    """Figure 2.1 of the SipHash paper."""
    v[0] = (v[0] + v[1]) & MASK
    v[2] = (v[2] + v[3]) & MASK
    v[1] = _rotate(v[1], 13) ^ v[0]
    v[3] = _rotate(v[3], 16) ^ v[2]
    v[0] = _rotate(v[0], 32)
    v[2] = (v[2] + v[1]) & MASK
    v[0] = (v[0] + v[3]) & MASK
    v[1] = _rotate(v[1], 17) ^ v[2]
    v[3] = _rotate(v[3], 21) ^ v[0]
    v[2] = _rotate(v[2], 32)


def _sip_output(v: list[int], rounds: int) -> int:
    for _ in range(rounds):
        _sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def siphash(
    key0: int,
    key1: int,
    data: bytes,
    compressions: int = 1,
    finalisations: int = 3,
    wide: bool = False,
    last: int | None = None,
) -> list[int]:
    """SipHash-c-d of bytes: one 64-bit word, or two when ``wide`` (SipHash-128).

    last : the closing word of whole words, where it is not the usual padding
    """
    v = [
        key0 ^ int.from_bytes(b"somepseu", "big"),
        key1 ^ int.from_bytes(b"dorandom", "big") ^ (0xEE if wide else 0),
        key0 ^ int.from_bytes(b"lygenera", "big"),
        key1 ^ int.from_bytes(b"tedbytes", "big"),
    ]
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) % 256])
    if last is not None:
        padded = data + last.to_bytes(8, "little")
    for (block,) in struct.iter_unpack("<Q", padded):
        v[3] ^= block
        for _ in range(compressions):
            _sip_round(v)
        v[0] ^= block
    v[2] ^= 0xEE if wide else 0xFF
    first = _sip_output(v, finalisations)
    if not wide:
        return [first]
    v[1] ^= 0xDD
    return [first, _sip_output(v, finalisations)]


def siphash_lanes(key0: int, key1: int, data: bytes) -> list[int]:
    """SipHash-1-3-128 of eight lanes' SipHash-1-3 states: the j-th eight bytes of every 64 make lane j, zero-padded."""
    padded = data + bytes(64 - len(data) % 64)
    digests = b""
    for lane in range(8):
        v = [
            key0 ^ int.from_bytes(b"somepseu", "big"),
            key1 ^ int.from_bytes(b"dorandom", "big"),
            key0 ^ int.from_bytes(b"lygenera", "big"),
            key1 ^ int.from_bytes(b"tedbytes", "big"),
        ]
        for at in range(8 * lane, len(padded), 64):
            word = int.from_bytes(padded[at : at + 8], "little")
            v[3] ^= word
            _sip_round(v)
            v[0] ^= word
        v[2] ^= 0xFF
        digests += _sip_output(v, 3).to_bytes(8, "little")
    return siphash(key0, key1, digests, wide=True, last=len(data))


def mix(value: int, multiplier: int) -> int:
    """Fold the high half down, multiply, fold again."""
    value = ((value ^ value >> 32) * multiplier) & MASK
    return value ^ value >> 32


def fold_multiply(left: int, right: int) -> int:
    """High half xor low half of the 128-bit product."""
    product = left * right
    return (product >> 64) ^ (product & MASK)


def _within(point: int, ranges: Iterable[Span]) -> bool:
    return any(low <= point <= high for low, high in ranges)


def words(prompt: bytes) -> list[Span]:
    """Byte spans of the words: malformed bytes are escaped by Python's decoder and count as themselves."""
    spans = []
    for run in re.finditer(rb"[0-9A-Za-z\x80-\xff]+", prompt):
        begin = at = run.start()
        for character in run[0].decode("utf-8", "surrogateescape"):
            end = at + len(character.encode("utf-8", "surrogateescape"))
            point = ord(character) - 0xDC00 if 0xDC80 <= ord(character) <= 0xDCFF else ord(character)
            separates, alone = _within(point, SEPARATORS), _within(point, UNSPACED)
            if separates or alone:
                spans += [(begin, at)] if begin < at else []
                spans += [] if separates else [(at, end)]
                begin = end
            at = end
        spans += [(begin, at)] if begin < at else []
    return spans


def word_hashes(prompt: bytes, key: Sequence[int]) -> list[int]:
    """SipHash-1-3 of each lower-cased word."""
    lowered = prompt.lower()
    return [siphash(key[keys.WORD], key[keys.WORD + 1], lowered[start:end])[0] for start, end in words(prompt)]


def shingles(hashes: Sequence[int], key: Sequence[int]) -> list[int]:
    """Hashes of three words in a row; one or two words make one shingle."""
    *factors, mixer = key[keys.SHINGLE : keys.SHINGLE + 4]
    if not hashes:
        return []
    if len(hashes) < 3:
        total = sum(hashed * factor for hashed, factor in zip(hashes, factors, strict=False)) + len(hashes)
        return [mix(total & MASK, mixer)]
    triples = zip(hashes, hashes[1:], hashes[2:], strict=False)
    totals = (sum(hashed * factor for hashed, factor in zip(triple, factors, strict=True)) for triple in triples)
    return [mix(total & MASK, mixer) for total in totals]


def _round_key(turn: int, key: Sequence[int]) -> int:
    multiplier, mixer = key[keys.SIGNATURE], key[keys.SIGNATURE + 1]
    return mix(mix((turn + 1) * multiplier & MASK, mixer), multiplier)


def signature(elements: Iterable[int], key: Sequence[int], slots: int = 128, rounds: int = 4) -> list[int]:
    """Fast similarity sketch: round r throws each element into a slot, valued r or more; the least stays.

    The halves of one hash serve an even round and the odd one after it. What is empty then has a hash of its own.
    """
    least = [2**32 - 1] * slots
    mixer = key[keys.SIGNATURE + 1]
    elements = set(elements)
    for turn in range(rounds):
        for element in elements:
            hashed = fold_multiply(element ^ _round_key(turn // 2 * 2, key), mixer)
            half = hashed % 2**32 if turn % 2 else hashed >> 32
            slot = half * slots >> 32
            least[slot] = min(least[slot], turn << 24 | half % 2**24)
    for slot in range(slots):
        own = _round_key(rounds + slot, key)
        for element in elements if least[slot] >= rounds << 24 else ():
            value = (((element * mixer & MASK) >> 32) ^ own >> 32) * (own % 2**32 | 1) % 2**32
            least[slot] = min(least[slot], rounds << 24 | (value ^ value >> 15) % 2**24)
    return least


def registers(hashes: Iterable[int], bits: int, hash_bits: int = 64) -> np.ndarray:
    """HyperLogLog registers: index from the first bits, rank is the place of the first 1 in the rest."""
    out = np.zeros(2**bits, np.uint8)
    for hashed in hashes:
        text = format(hashed, f"0{hash_bits}b")
        rank = (text[bits:] + "1").index("1") + 1
        out[int(text[:bits], 2)] = max(out[int(text[:bits], 2)], rank)
    return out


def count_min_columns(hashed: int, key: Sequence[int], depth: int, width: int) -> list[int]:
    """Column of a key in each row: multiply-shift."""
    return [((hashed * (key[keys.COLUMN + row] | 1) & MASK) >> 32) % width for row in range(depth)]


def count_min(hashes: Iterable[int], key: Sequence[int], depth: int, width: int) -> np.ndarray:
    """Count-min table of a stream."""
    counts = np.zeros((depth, width), np.uint32)
    for hashed in hashes:
        counts[np.arange(depth), count_min_columns(hashed, key, depth, width)] += 1
    return counts


def _count(lanes: np.ndarray, bin_of: int, weight: int = 1) -> None:
    """Add to a lane; the bins of the second half are those of negative signs."""
    lanes[bin_of % len(lanes)] += weight if bin_of < len(lanes) else -weight


ENDINGS = (b"ing", b"ed", b"ly", b"ion", b"s", b"er", b"al", b"e", b"y")


def _tag(prompt: bytes, start: int, end: int) -> int:
    """Grammar tag of a word that is not a function word."""
    word = prompt[start:end].lower()
    if word[:8].isdigit() and word[-8:].isdigit():
        return layout.TAG_NUMBER + (0 if len(word) == 1 else 1 if len(word) <= 3 else 2)
    if any(chr(byte) in "0123456789" for byte in word[:8]):
        return layout.TAG_MIXED
    if word[0] >= 0x80:
        return layout.TAG_HIGH
    if len(word) <= 4:
        suffix = 10 if len(word) < 3 else 11
    else:
        suffix = next((number for number, ending in enumerate(ENDINGS, 1) if word.endswith(ending)), 0)
    return layout.TAG_SUFFIX + 2 * suffix + prompt[start : start + 1].isupper()


def tags(prompt: bytes) -> list[int]:
    """Grammar tag of each word; only inside a sentence does a capital say anything."""
    found = []
    for place, (start, end) in enumerate(words(prompt)):
        word = prompt[start:end].lower().decode("latin-1")
        if word in layout.FUNCTION_WORDS:
            found.append(layout.FUNCTION_WORDS.index(word))
        else:
            found.append(_tag(prompt if place else prompt.lower(), start, end))
    return found


def _one_hot(size: int, value: int) -> list[int]:
    """Bit length of a count, capped, as a one-hot group."""
    hot = min(value.bit_length(), size - 1)
    return [int(lane == hot) for lane in range(size)]


def _first_of(conditions: Sequence[bool]) -> list[int]:
    hot = conditions.index(True)
    return [int(lane == hot) for lane in range(len(conditions))]


def layout_lanes(prompt: bytes) -> list[int]:
    """The LAYOUT block as 0 and 1."""
    if not prompt:
        return [0] * 96
    first, last, text = prompt[:1], prompt[-1:], prompt.decode("latin-1")
    doubled = sum(pair == (" ", " ") for pair in pairwise(text))
    # The kernel scans 64 bytes at a time and does not look at the last byte of a block for a lone "I".
    lone = sum(match.start() % 64 != 62 for match in re.finditer(r" (?=[Ii] )", text))
    inside = sum(end - start for start, end in words(prompt))
    high = sum(byte >= 0x80 for byte in prompt)
    upper = sum(65 <= byte <= 90 for byte in prompt)
    lanes = _first_of([first.isupper(), first.islower(), first.isdigit(), first[0] >= 0x80, True])
    known = [last == character for character in (b".", b"?", b"!", b":")]
    lanes += _first_of([*known, last.islower(), last.isdigit(), last in (b" ", b"\n"), True])
    lanes += _one_hot(8, text.count("\n")) + _one_hot(6, text.count(",")) + _one_hot(4, text.count("?"))
    lanes += _one_hot(5, text.count('"')) + _one_hot(7, len(re.findall("[0-9]", text)))
    lanes += _one_hot(7, upper * 64 // len(prompt)) + _one_hot(5, high * 16 // len(prompt))
    lanes += _one_hot(3, lone) + _one_hot(4, text.count("'")) + _one_hot(4, doubled)
    lanes += _one_hot(4, text.count("(")) + _one_hot(6, len(re.findall("[;<={`]", text)))
    lanes += _one_hot(6, text.count(".")) + _one_hot(4, text.count(":"))
    mean_word = min(7, inside // max(1, len(words(prompt))))
    return lanes + [int(lane == mean_word) for lane in range(8)] + [0, 0]


def _normalise(lanes: np.ndarray) -> np.ndarray:
    """Unit norm times 127, rounded half away from zero; in float32, because halves must match."""
    total = int((lanes.astype(np.int64) ** 2).sum())
    factor = np.float32(127 / math.sqrt(total)) if total else np.float32(0)
    scaled = lanes.astype(np.float32) * factor
    return np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)


def _length_lanes(length: int) -> np.ndarray:
    return np.eye(48, dtype=np.int64)[min(47, int(4 * math.log2(1 + length / 4)))]


def _content_lanes(hashes: Iterable[int], key: Sequence[int]) -> np.ndarray:
    lanes = np.zeros(256, np.int64)
    for hashed in hashes:
        _count(lanes, (hashed * key[keys.CONTENT] & MASK) >> 55)
    return lanes


def text_features(prompt: bytes, key: Sequence[int]) -> np.ndarray:
    """The five feature blocks of a text, int8[656]."""
    found, hashes = tags(prompt), word_hashes(prompt, key)
    speech, characters = np.zeros(128, np.int64), np.zeros(128, np.int64)
    for tag in found:
        _count(speech, mix((tag + 1) * key[keys.SPEECH] & MASK, key[keys.SPEECH_MIX]) >> 56)
    for left, right in pairwise(found):
        pair = (left + 1) * 1024 + right + 1
        _count(speech, mix(pair * key[keys.SPEECH] & MASK, key[keys.SPEECH_MIX]) >> 56, 2)
    start = prompt[:1024].lower()
    for at in range(len(start) - 3):
        four = int.from_bytes(start[at : at + 4], "little")
        _count(characters, (four * key[keys.CHARACTERS]) % 2**32 >> 24)
    content = _content_lanes((h for h, tag in zip(hashes, found, strict=True) if tag >= layout.TAG_NUMBER), key)
    blocks = [np.array(layout_lanes(prompt)), speech, _length_lanes(len(prompt)), characters, content]
    return np.concatenate([_normalise(block) for block in blocks])


def id_features(hashes: Sequence[int], key: Sequence[int]) -> np.ndarray:
    """The five feature blocks of token ids: pairs of neighbours, length, single ids."""
    pairs = np.zeros(128, np.int64)
    for left, right in pairwise(hashes):
        _count(pairs, mix((left * key[keys.SPEECH] + right) & MASK, key[keys.SPEECH_MIX]) >> 56)
    nothing = np.zeros(96, np.int64), np.zeros(128, np.int64)
    blocks = [nothing[0], pairs, _length_lanes(len(hashes)), nothing[1], _content_lanes(hashes, key)]
    return np.concatenate([_normalise(block) for block in blocks])


def frame_tokens(prompt: bytes, key: Sequence[int]) -> list[int]:
    """Words, numbers as one token, and punctuation between them, a run of the same one once; no outer white space."""
    prompt = prompt.strip(b" \t\n\v\f\r")
    spans, hashes, tokens = words(prompt), word_hashes(prompt, key), list[int]()
    gaps = [(0, 0), *spans, (len(prompt), len(prompt))]
    for place, ((_, previous_end), (start, end)) in enumerate(pairwise(gaps)):
        for byte in prompt[previous_end:start]:
            token = fold_multiply((byte + 1) ^ key[keys.PUNCTUATION], key[keys.NUMBER])
            if byte not in b" \t\r\0" and tokens[-1:] != [token]:
                tokens.append(token)
        if place < len(spans):
            word = prompt[start:end]
            is_number = word[:8].isdigit() and word[-8:].isdigit()
            tokens.append(key[keys.NUMBER] if is_number else hashes[place])
    return tokens


def grams(tokens: Sequence[int], key: Sequence[int]) -> list[int]:
    """Five tokens in a row, four sentinels at either end; of a long prompt the first and last 256."""
    if not tokens:
        return []
    padded = [key[keys.SENTINEL]] * 4 + list(tokens) + [key[keys.SENTINEL + 1]] * 4
    factors, mixer = key[keys.GRAM : keys.GRAM + 5], key[keys.GRAM + 5]
    totals = [
        sum(token * factor for token, factor in zip(padded[at : at + 5], factors, strict=True))
        for at in range(len(tokens) + 4)
    ]
    found = [mix(total & MASK, mixer) >> 32 for total in totals]
    return found if len(tokens) <= 512 else found[:256] + found[-256:]


def components(size: int, edges: list[tuple[int, int]]) -> list[int]:
    """Least node of each node's component, by uniting sets of nodes."""
    sets = [{node} for node in range(size)]
    for left, right in edges:
        together = sets[left] | sets[right]
        for node in together:
            sets[node] = together
    return [min(group) for group in sets]
