"""What the pass costs on prompts made to be expensive, beside what it costs on ordinary text.

Every case is measured by the engine's ``Measurer``, on one core, turn about with the others; medians over the rounds
are quoted. The promise is at most 3 times the nanoseconds a byte of ordinary text (the median of its four lengths) and
memory that is a small multiple of the batch. Prompts of a few bytes have next to no bytes to divide by: they are held
against an ordinary prompt of 100 bytes instead.

Run as ``python -m bench.speed.adversarial`` from the root of the repository.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bench.pages.machine import load, machine, versions
from bench.pages.markdown import table
from bench.speed.resources import peak
from gauger.engine.common.secret import Secret
from gauger.engine.intake.measuring import Measurer, WordSketch
from gauger.kernels.text.features import FUNCTION_WORDS
from gauger.kernels.warm import warmup

RATIO_MAX = 3.0
ROUNDS = 3
_MEGABYTE = 1_000_000
_BATCH = 8 * _MEGABYTE  # bytes of a case that has no size of its own
_ORDINARY = (100, 400, 1_200, 8_000)  # bytes a prompt
_SHORT = 50  # bytes a prompt, below which prompts are compared and not bytes


@dataclass(frozen=True)
class Case:
    """A column of prompts."""

    name: str
    prompts: pa.StringArray
    bytes: int

    @property
    def is_short(self) -> bool:
        """Whether nanoseconds a byte say nothing."""
        return self.bytes < _SHORT * len(self.prompts)


@dataclass(frozen=True)
class Cost:
    """What the pass took for one case."""

    case: Case
    seconds: float  # median of the rounds
    peak_bytes: int  # most memory at any moment, above what was there before, outputs included


def _repeated(name: str, prompt: bytes, count: int) -> Case:
    """The same bytes ``count`` times, made in place: no Python string of a hundred megabytes."""
    data = pa.py_buffer(prompt if count == 1 else prompt * count)
    offsets = (np.arange(count + 1, dtype=np.int64) * len(prompt)).astype(np.int32)
    return Case(name, pa.StringArray.from_buffers(count, pa.py_buffer(offsets), data), count * len(prompt))


def _filled(name: str, pattern: str, size: int = 1 << 20) -> Case:
    """Prompts of one megabyte of a repeated pattern."""
    unit = pattern.encode()
    prompt = unit * (size // len(unit))
    return _repeated(name, prompt, max(1, _BATCH // len(prompt)))


def _text(generator: np.random.Generator, size: int) -> bytes:
    """English-like text: function words, and others of 2 to 11 letters, in sentences."""
    letters = np.frombuffer(b"etaoinshrdlucmfwypvbgkjqxz", np.uint8)
    likely = 1.0 / np.arange(2, 28)
    words: list[str] = []
    length = 0
    while length < size:
        if generator.random() < 0.45:
            word = FUNCTION_WORDS[int(len(FUNCTION_WORDS) * generator.random() ** 2)]
        else:
            drawn = generator.choice(letters, generator.integers(2, 12), p=likely / likely.sum())
            word = drawn.tobytes().decode()
        word = word.capitalize() if not words or words[-1].endswith((".", "?", "\n")) else word
        word += generator.choice(["", ",", ".", "?", ".\n"], p=[0.86, 0.06, 0.05, 0.01, 0.02])
        words.append(word)
        length += len(word) + 1
    return " ".join(words).encode()[:size]


def ordinary() -> list[Case]:
    """Text as people write it, in four lengths."""
    generator = np.random.default_rng(5)
    stock = _text(generator, _MEGABYTE)
    cases = []
    for size in _ORDINARY:
        count = _BATCH // 2 // size
        starts = generator.integers(0, len(stock) - size, count)
        prompts = pa.array([stock[start : start + size].decode() for start in starts.tolist()])
        cases.append(Case(f"ordinary, {size:,} bytes each", prompts, count * size))
    return cases


def adversarial(megabytes: int) -> list[Case]:
    """Prompts made to be expensive; the largest token has ``megabytes``."""
    return [
        _repeated(f"one token of {megabytes} MB", b"x" * (megabytes * _MEGABYTE), 1),
        _repeated("a million one-letter words in a prompt", b"a b c d e f g h i j " * 100_000, 4),
        _filled("all separators", " \t.,;:!?()[]"),
        _filled("all spaces", " "),
        _filled("all newlines", "\n"),
        _filled("all bytes >= 0x80, Han", "漢字語文"),
        _filled("all bytes >= 0x80, Latin letters", "éèüßñ"),
        _filled("all bytes >= 0x80, Latin words", "éèü\u2003ßñ\u2003"),
        _filled("all bytes >= 0x80, four-byte signs", "\U0001f600\U00020000"),
        _filled("all digits", "0123456789"),
        _filled("digits and letters in turn", "1a2b3c "),
        _filled("the same word", "word "),
        _filled("the same function word", "the "),
        _filled("every word another mark", "a,b;c:d.e!f?"),
        _filled("deep punctuation", "([{<" * 64 + ">}])" * 64),
        _repeated("no words, 1,200 bytes each", b"... --- !!! " * 100, _BATCH // 1_200),
        _repeated("two words, 1,200 bytes each", b"a" * 599 + b" " + b"b" * 600, _BATCH // 1_200),
        _repeated("two-word prompts", b"two words", 50_000),
        _repeated("one-word prompts", b"word", 50_000),
        _repeated("one-letter prompts", b"x", 50_000),
        _repeated("empty prompts", b"", 50_000),
    ]


def _once(measurer: Measurer, case: Case) -> tuple[float, int]:
    """Seconds of one pass over a case, and the most memory it took on top."""
    batch = pa.record_batch({"prompt_text": case.prompts})

    def timed() -> float:
        sketch, started = WordSketch(), time.perf_counter()
        measurer.measure(batch, sketch)
        return time.perf_counter() - started

    return peak(timed)


def measure(cases: Sequence[Case], rounds: int) -> list[Cost]:
    """Measure the cases in turn, ``rounds`` times."""
    warmup()
    measurer = Measurer(Secret(bytes(range(16))))
    runs = [[_once(measurer, case) for case in cases] for _ in range(rounds)]
    return [
        Cost(case, statistics.median(run[at][0] for run in runs), max(run[at][1] for run in runs))
        for at, case in enumerate(cases)
    ]


def _ratio(cost: Cost, per_byte: float, per_prompt: float) -> float:
    if cost.case.is_short:
        return cost.seconds / len(cost.case.prompts) / per_prompt
    return cost.seconds / cost.case.bytes / per_byte


def page(costs: Sequence[Cost], plain: int) -> str:
    """The table; the first ``plain`` costs are those of ordinary text."""
    per_byte = statistics.median(cost.seconds / cost.case.bytes for cost in costs[:plain])
    per_prompt = costs[0].seconds / len(costs[0].case.prompts)
    rows = []
    for cost in costs:
        count, size = len(cost.case.prompts), cost.case.bytes
        ratio = _ratio(cost, per_byte, per_prompt)
        rows.append(
            [
                cost.case.name,
                f"{count:,}",
                f"{size / _MEGABYTE:.1f}",
                "-" if cost.case.is_short else f"{1e9 * cost.seconds / size:.2f}",
                f"{1e9 * cost.seconds / count:,.0f}",
                f"{ratio:.2f}" + (" **over**" if ratio > RATIO_MAX else ""),
                f"{cost.peak_bytes / 2**20:,.0f}",
            ]
        )
    head = ["prompts", "number", "MB", "ns/byte", "ns/prompt", "x ordinary", "peak MiB"]
    worst = max(_ratio(cost, per_byte, per_prompt) for cost in costs[plain:])
    verdict = f"Worst: {worst:.2f} x ordinary text ({1e9 * per_byte:.2f} ns/byte); at most {RATIO_MAX:.0f} x promised."
    about = f"{machine()}; load {load():.1f}. {versions()}."
    return f"{about}\n\n{table(head, rows)}\n\n{verdict}\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed.adversarial", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds to take medians of (default %(default)s)")
    parser.add_argument("--megabytes", type=int, default=100, help="size of the largest token (default %(default)s)")
    chosen = parser.parse_args(arguments)
    plain = ordinary()
    print(page(measure([*plain, *adversarial(chosen.megabytes)], chosen.rounds), len(plain)))


if __name__ == "__main__":
    main()
