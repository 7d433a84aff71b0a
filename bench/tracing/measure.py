"""What is measured on surrogates, a row each: canaries, watermarks, containment, false alarms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import binom, binomtest, kstest

from bench.tracing.copies import ACTIONS, FILTERED, NOTHING, PARAPHRASED, Filter, lost, paraphrase
from bench.tracing.ngrams import NGrams
from bench.tracing.texts import PROMPT, RESPONSE, Texts
from gauger.engine.common.secret import Secret
from gauger.engine.tracing import canaries as testing
from gauger.engine.tracing import lottery, responses, watermarks
from gauger.engine.tracing.commitments import Canaries
from gauger.engine.tracing.watermarks import GUMBEL, SCHEMES, TOURNAMENT, Watermark

SHARES = (0.0, 0.001, 0.01, 0.05, 0.2)  # of a student's texts that were served to the campaign
AS_SERVED, EDITED = [(share, NOTHING) for share in SHARES], [(0.05, PARAPHRASED), (0.05, FILTERED)]
STUDENT, OUTPUTS = 12_000, 4_000
LEVEL = 1e-3
Row = dict[str, Any]
Arm = tuple[float, float, str]  # share, share of answers with a pair, what was done with the copy
Student = Callable[[list[np.ndarray], np.ndarray, int], np.ndarray]  # texts, prompts, seed: outputs


@dataclass
class Served:
    """What a campaign asked and was answered."""

    texts: Texts
    prompts: np.ndarray  # int32[n, PROMPT]
    answers: np.ndarray  # int32[n, RESPONSE]
    filter: Filter = field(repr=False)

    def student_texts(self, answers: Sequence[np.ndarray], share: float, total: int, seed: int) -> list[np.ndarray]:
        """What a student reads: so many served answers behind their prompts, and other texts."""
        own = round(share * total)
        chosen = np.random.default_rng(seed).permutation(len(answers))[:own].tolist()
        ours = [np.concatenate([self.prompts[place], answers[place]]) for place in chosen]
        return ours + [text[: PROMPT + RESPONSE] for text in self.texts.others[: total - own]]

    def copied(self, answers: Sequence[np.ndarray], action: str, seed: int) -> list[np.ndarray]:
        """Answers as the campaign trains on them."""
        if action == PARAPHRASED:
            return paraphrase(answers, len(self.texts.vocabulary), seed)
        return self.filter(answers) if action == FILTERED else list(answers)


def serve(texts: Texts, seed: int, watermark: Watermark | None = None) -> Served:
    """Ask a teacher as often as the most contaminated student has answers."""
    prompts = texts.prompts(round(max(SHARES) * STUDENT), seed)
    answers = NGrams(texts.teacher, 5).sample(prompts, RESPONSE, seed, watermark)
    return Served(texts, prompts, answers, Filter(texts.filtering))


def ngram_student(order: int) -> Student:
    """A student that is an n-gram model."""

    def student(read: list[np.ndarray], prompts: np.ndarray, seed: int) -> np.ndarray:
        return NGrams(read, order).sample(prompts, RESPONSE, seed)

    return student


def drawn(
    words: Sequence[str], seed: int, slots: int = lottery.SLOTS, candidates: int = lottery.CANDIDATES
) -> Canaries:
    """Canaries under a seed of the bench."""
    return Canaries(
        1, "2026-01-01T00:00:00Z", slots, candidates, seed.to_bytes(lottery.SEED_BYTES, "big"), tuple(words)
    )


def marked(served: Served, canaries: Canaries, carriers: float, seed: int) -> list[np.ndarray]:
    """Answers with their canaries between two words, without anything around them; carriers : share that has one."""
    random, ids = np.random.default_rng(seed), served.texts.ids
    found = []
    for number, answer in enumerate(served.answers):
        if random.random() < carriers:
            pair = [ids[word] for word in canaries.pair_for(f"response {number}")]
            place = int(random.integers(4, RESPONSE - 6))
            answer = np.concatenate([answer[:place], np.array(pair, np.int32), answer[place:-2]])
        found.append(answer)
    return found


def attested(texts: Texts, seed: int) -> Canaries:
    """Canaries of pairs that the provider's sample has, with as many decoys as there are pairs for."""
    pairs, seed_bytes = tuple(texts.pairs), seed.to_bytes(lottery.SEED_BYTES, "big")
    candidates = min(lottery.CANDIDATES, len(pairs) // lottery.SLOTS)
    return Canaries(1, "2026-01-01T00:00:00Z", lottery.SLOTS, candidates, seed_bytes, pairs, True)


def arms() -> list[Arm]:
    """All shares, carriers and actions; one of a student that read nothing of what was served."""
    found = [(share, carriers, action) for share, action in product(SHARES[1:], ACTIONS) for carriers in (1.0, 0.1)]
    return [(0.0, 1.0, NOTHING), *found]


def canaries(
    served: Served,
    student: Student,
    seed: int,
    chosen: Iterable[Arm],
    total: int,
    listed: bool = False,
    slots: int = lottery.SLOTS,
) -> Iterator[Row]:
    """Whether canaries show in students of so many texts, each under a lottery of the seed; listed : attested pairs.

    slots : pairs that are served, where they are drawn of words
    """
    prompts = np.resize(served.prompts, (OUTPUTS, PROMPT))
    lot = attested(served.texts, 1_000 + seed) if listed else drawn(served.texts.words, 1_000 + seed, slots)
    for share, carriers, action in chosen:
        answers = marked(served, lot, carriers, seed)
        copy = served.copied(answers, action, seed)
        read = served.student_texts(copy, share, total, seed)
        said = served.texts.written(list(student(read, prompts, seed)))
        found = testing.weigh(testing.search(lot, said))
        yield {
            "seed": seed, "share": share, "carriers": carriers, "action": action, "lost": lost(answers, copy),
            "pairs": lot.slots,
            "hits": found.hits, "expected": found.expected, "log10_probability": found.log10_probability,
        }  # fmt: skip


def filtering(served: Served) -> Row:
    """What the filter leaves out: of real texts that it never saw, of answers, and of pairs."""

    def gone(canaries: Canaries) -> float:
        pairs = [np.array([served.texts.ids[word] for word in pair], np.int32) for pair in canaries.served]
        return 2 * lost(pairs, served.filter(pairs))

    real, answers = served.texts.others, list(served.answers)
    return {
        "real": lost(real, served.filter(real)),
        "answers": lost(answers, served.filter(answers)),
        "pairs": gone(drawn(served.texts.words, 1)),
        "attested": gone(attested(served.texts, 1)),
    }


def watermark(texts: Texts, order: int, seed: int, chosen: Sequence[tuple[float, str]] = AS_SERVED) -> Iterator[Row]:
    """Whether a watermark shows in a student, over all windows and over those whose context was served.

    chosen : shares of contamination, and what was done with the copy
    """
    for scheme in SCHEMES:
        used = Watermark(scheme, seed.to_bytes(16, "big"), width=2)
        served = serve(texts, seed, used)
        prompts = np.resize(served.prompts, (OUTPUTS, PROMPT))
        for share, action in chosen:
            read = served.student_texts(served.copied(list(served.answers), action, seed), share, STUDENT, seed)
            said = NGrams(read, order).sample(prompts, RESPONSE, seed)
            asked = _flat(np.concatenate([served.prompts[:, -used.width :], served.answers], axis=1))
            for where, only in (("all", None), ("served", asked)):
                found = watermarks.weigh(used, _flat(said), only)
                told = {"scheme": scheme, "order": order, "seed": seed, "share": share, "action": action}
                yield told | {
                    "contexts": where, "windows": found.windows, "log10_probability": found.log10_probability,
                }  # fmt: skip


def _flat(outputs: np.ndarray) -> watermarks.Texts:
    number, length = outputs.shape
    return np.ascontiguousarray(outputs, np.int32).ravel(), np.arange(0, number * length + 1, length, dtype=np.int64)


def containment(served: Served, order: int, seed: int) -> Iterator[Row]:
    """How far sketches of what was served tell a copy: beside answers of the same teacher that nobody copied."""
    secret = Secret(bytes(16))
    others = NGrams(served.texts.teacher, 5).sample(
        served.texts.prompts(len(served.answers), seed + 1), RESPONSE, seed + 1
    )
    both = served.texts.written([*served.answers, *others])
    sketches = responses.sketches(secret.key, both)
    owners = [b"%d" % (number // 20) for number in range(len(both))]
    member = np.arange(len(both)) < len(served.answers)
    prompts = np.resize(served.prompts, (OUTPUTS, PROMPT))
    for share in SHARES:
        read = served.student_texts(list(served.answers), share, STUDENT, seed)
        said = served.texts.written(list(NGrams(read, order).sample(prompts, RESPONSE, seed)))
        lead = responses.compare(sketches, owners, member, responses.grams(secret.key, said)[0], OUTPUTS)
        yield {"order": order, "seed": seed, "share": share, "member": lead.member_share, "control": lead.control_share,
               "above": lead.above}  # fmt: skip


def false_alarms(texts: Texts, trials: int) -> Row:
    """Alarms of so many lotteries over the same clean texts, of attested pairs, so that hits by chance are common."""
    said = [text.split() for text in texts.written([text[:RESPONSE] for text in texts.others[:800]])]
    random = np.random.default_rng(1)
    pairs, plain, spread, expected = tuple(texts.pairs[::5]), 0, 0, 0.0
    for trial in range(trials):
        seed = (10**6 + trial).to_bytes(lottery.SEED_BYTES, "big")
        found = testing.Search(Canaries(1, "2026-01-01T00:00:00Z", 100, 32, seed, pairs, True))
        for one in said:
            found.add(one)
        occurring = (found.texts > 0).sum(axis=1).tolist()
        test = testing.weigh(found)
        high = 10**test.log10_probability
        low = 10 ** testing.log10_tail(occurring, 32, test.hits + 1)
        plain += high <= LEVEL
        spread += low + (high - low) * random.random() <= LEVEL
        expected += test.expected / trials
    bounds = [int(binom.ppf(one, trials, LEVEL)) for one in (0.025, 0.975)]
    interval = binomtest(plain, trials).proportion_ci()
    return {"trials": trials, "level": LEVEL, "alarms": plain, "spread_alarms": spread, "bounds": bounds,
            "low": interval.low, "high": interval.high, "expected_hits": expected}  # fmt: skip


def uniformity(texts: Texts, number: int) -> Iterator[Row]:
    """Kolmogorov and Smirnov's test of p-values of clean texts, joined to 1,000 tokens or so.

    Each has a key of its own, or all have one; then windows count for every text, or for the first that has them.
    """
    random = np.random.default_rng(2)
    joined = [np.concatenate(texts.others[at : at + 8]) for at in range(0, 8 * number, 8)]
    joined += [np.concatenate(texts.filtering[at : at + 8]) for at in range(0, 8 * (number - len(joined)), 8)]
    joined = [text for text in joined if len(text)][:number]
    for scheme, width, keys in product(SCHEMES, (2, 4), ("one", "first", "each")):
        found: list[float] = []
        seen: set[int] = set()
        for text in joined:
            used = Watermark(scheme, random.bytes(16) if keys == "each" else bytes(range(16)), width)
            windows = watermarks.windows_of(used, (text, np.array([0, len(text)], np.int64)), np.zeros(0, np.uint64))
            if keys == "first":
                windows = np.array([one for one in windows.tolist() if one not in seen], np.uint64)
                seen.update(windows.tolist())
            score, _, log10_probability = watermarks.weigh_windows(used, windows)
            high = low = 10**log10_probability
            if scheme != GUMBEL:
                trials, share = (30 * len(windows), 0.5) if scheme == TOURNAMENT else (len(windows), 0.25)
                low = float(binom.sf(score, trials, share))
            found.append(low + (high - low) * random.random())
        tested = kstest(found, "uniform")
        told = {"scheme": scheme, "width": width, "keys": keys, "texts": len(joined), "least": min(found)}
        yield told | {"statistic": float(tested.statistic), "probability": float(tested.pvalue)}


def speed(tokens: int) -> Iterator[Row]:
    """Tokens a second on one core, over outputs of 250 tokens; the best of three."""
    random = np.random.default_rng(1)
    values = np.minimum(random.zipf(1.2, tokens), 50_000).astype(np.int32)
    texts = values, np.arange(0, tokens + 1, 250, dtype=np.int64)
    for scheme in SCHEMES:
        used, seconds = Watermark(scheme, bytes(16), 4), []
        for _ in range(3):
            begin = time.process_time()
            windows = watermarks.weigh(used, texts).windows
            seconds.append(time.process_time() - begin)
        yield {"scheme": scheme, "tokens": tokens, "windows": windows, "per_second": tokens / min(seconds)}
