"""Baselines that look at many accounts together: near-duplicate fan-out, and trees over an account's neighbourhood."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bench.detection.baselines import AccountTable
from bench.detection.population import Seen
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.neighbours import Index, Whitener
from gauger.engine.statistics.population import Population

PROMPTS_MAX = (
    60_000  # distinct honest prompts that MinHashLSH is given, chosen by hash: it takes a millisecond for each
)
SIMILARITY, SLOTS = 0.7, 128
NEIGHBOURS = 20
TREES = ("taught trees, statistics and content", "taught trees, content only")
_WORD = re.compile(r"\w+")


class FanOut:
    """Accounts per near-duplicate cluster, by datasketch's MinHashLSH: the most of any cluster the account is in.

    Of the honest day's distinct prompts at most ``prompts_max`` are indexed, chosen by hash, once; a campaign's are
    capped at the same share, so that neither side is seen more closely. A cluster is everything that is found from one
    of its prompts.
    """

    def __init__(self, honest: Seen, prompts_max: int = PROMPTS_MAX) -> None:
        from datasketch import MinHashLSH

        self._index = MinHashLSH(threshold=SIMILARITY, num_perm=SLOTS)
        self._honest = len(honest)
        owners = _owners(honest, 0)
        self.share = min(1.0, prompts_max / max(1, len(owners)))
        self._owners = {text: who for text, who in owners.items() if _drawn(text, self.share)}
        self._parent: dict[str, str] = {}
        self._insert(self._owners, self._parent)

    def _insert(self, texts: Iterable[str], parent: dict[str, str]) -> None:
        """Index texts, each joined with all that was found near it."""
        from datasketch import MinHash

        texts = list(texts)
        signed = MinHash.bulk([shingles(text) for text in texts], num_perm=SLOTS)
        for text, signature in zip(texts, signed, strict=True):
            parent.setdefault(text, text)
            for other in self._index.query(signature):
                parent[_root(parent, other)] = _root(parent, text)
            self._index.insert(text, signature)

    def scores(self, campaign: Seen) -> np.ndarray:
        """Of the honest accounts, then the campaign's; the index is left as it was."""
        owners = {text: set(who) for text, who in self._owners.items()}
        added = []
        for text, who in _owners(campaign, self._honest).items():
            if text in owners:
                owners[text] |= who
            elif _drawn(text, self.share):
                owners[text] = who
                added.append(text)
        parent = dict(self._parent)
        self._insert(added, parent)
        for text in added:
            self._index.remove(text)
        clusters: dict[str, set[int]] = defaultdict(set)
        for text, who in owners.items():
            clusters[_root(parent, text)] |= who
        scores = np.zeros(self._honest + len(campaign))
        for members in clusters.values():
            rows = np.fromiter(members, np.int64)
            scores[rows] = np.maximum(scores[rows], len(members))
        return scores


def shingles(text: str) -> list[bytes]:
    """Word 3-shingles of a prompt in lower case; of a shorter one, all of it."""
    words = _WORD.findall(text.lower())
    if len(words) < 3:
        return [" ".join(words).encode()]
    return [" ".join(words[start : start + 3]).encode() for start in range(len(words) - 2)]


def _owners(seen: Seen, first: int) -> dict[str, set[int]]:
    """Distinct prompts, letter case and space aside, and the accounts that sent them, numbered from ``first``."""
    owners: dict[str, set[int]] = defaultdict(set)
    for text, account in zip(seen.calls["prompt_text"].to_pylist(), seen.calls["account"].to_pylist(), strict=True):
        owners[" ".join(text.lower().split())].add(first + account)
    return dict(owners)


def _drawn(text: str, share: float) -> bool:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") < share * 2**32


def _root(parent: dict[str, str], text: str) -> str:
    while parent[text] != text:
        parent[text] = text = parent[parent[text]]
    return text


class Neighbourhoods:
    """What trees see of accounts: own statistics, and neighbours' statistics and whitened features, averaged."""

    def __init__(self, reference: Population) -> None:
        self._table = AccountTable(reference)
        self._whitener = Whitener.fit(unit(reference.sums))

    def rows(self, populations: Sequence[Population]) -> tuple[np.ndarray, np.ndarray]:
        """Of all accounts in order, float32: everything, and content only; neighbours are sought among all of them."""
        vectors = np.concatenate([self._whitener.transform(unit(one.sums)) for one in populations])
        statistics = np.concatenate([self._table.scaled_statistics(one) for one in populations]).astype(np.float32)
        _, found = Index(vectors).search_all(NEIGHBOURS)
        around = np.zeros_like(vectors)
        for column in range(found.shape[1]):
            around += vectors[found[:, column]]
        around /= found.shape[1]
        return np.column_stack([statistics, statistics[found].mean(axis=1), around]), around


class BoostedTrees:
    """Gradient-boosted trees taught on other attacks: honest accounts of a reference day, and campaigns planted there.

    training : attack -> its accounts as planted for training. For an attack to be scored, trees are taught on all the
        others, so the text of the attack was never seen.
    """

    def __init__(self, reference: Population, honest: Population, training: Mapping[str, Population]) -> None:
        self._neighbourhoods = Neighbourhoods(reference)
        self._honest, self._training = honest, dict(training)
        self._taught: dict[tuple[str, str], Any] = {}

    def _teach(self, attack: str) -> None:
        """The classifiers for days with this attack."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        others = [one for name, one in sorted(self._training.items()) if name != attack]
        both = self._neighbourhoods.rows([self._honest, *others])
        for label, rows in zip(TREES, both, strict=True):
            trees = HistGradientBoostingClassifier(
                max_iter=150, learning_rate=0.1, max_leaf_nodes=15, class_weight="balanced", random_state=0
            )
            self._taught[attack, label] = trees.fit(rows, np.arange(len(rows)) >= len(self._honest))

    def scores(self, honest: Population, campaign: Population, attack: str) -> dict[str, np.ndarray]:
        """Log-odds of the day's honest accounts, then of the campaign's, by what the trees see (``TREES``)."""
        if (attack, TREES[0]) not in self._taught:
            self._teach(attack)
        both = self._neighbourhoods.rows([honest, campaign])
        return {
            label: np.asarray(self._taught[attack, label].decision_function(rows))
            for label, rows in zip(TREES, both, strict=True)
        }
