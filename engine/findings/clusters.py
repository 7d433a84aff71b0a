"""Clusters: flagged accounts joined over what they say, then tested together."""

import numpy as np
from scipy.cluster.hierarchy import ClusterNode, fcluster, linkage, to_tree
from scipy.spatial.distance import squareform

from gauger.engine.common.settings import Settings
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.calibration import tail_probability
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.findings.finding import Finding

# Mean similarity (cosine of whitened means) at which average linkage stops: half-padded campaigns are at 0.15 among
# themselves, unrelated accounts at 0.00 +- 0.05.
LINK_SIMILARITY = 0.15
# Two clusters are one when their centroids agree this well after noise is taken out. Halves of one campaign are at
# 0.9 and more, parts of one padded by 80 % at 0.64 and more, different templates at 0.3 and less.
_CENTROID_AGREEMENT = 0.55
_ACROSS_MIN = 0.04  # and their centroids must have something in common at all
# A splinter is too small for that: average linkage chose its members for being alike, so its own cohesion is inflated.
# It joins a cluster when it reaches this share of that cluster's own cohesion.
_SPLINTER_ACCOUNTS, _SPLINTER_AGREEMENT = 30, 0.6
# A flagged account that no cluster took joins the one in whose direction it lies further than all but this share of the
# reference. Average linkage leaves out half of a campaign padded by 80 %: single accounts look like none of the others.
_ABSORBED_TAIL = 0.02
_ABSORBING_ACCOUNTS = 20  # fewer have no direction to speak of
_PART_ACCOUNTS, _PARTED_MAX = 20, 2_000  # of a part at least; of a group that are looked at
_CLUSTERED_MAX = 6_000  # average linkage is quadratic; further flagged accounts join the nearest cluster
_EVIDENCE_MAX = 300.0
_PAIRS = 20_000


def union_statistic(vectors: np.ndarray) -> float:
    """T = (|sum y|^2 - sum |y|^2) / (g (g - 1)): mean inner product of two different rows."""
    count = len(vectors)
    if count < 2:
        return 0.0
    total = vectors.sum(axis=0, dtype=np.float64)
    return float((total @ total - np.einsum("ij,ij->", vectors, vectors)) / (count * (count - 1)))


def _linked(vectors: np.ndarray) -> np.ndarray:
    """Cluster of each row, from 0: average linkage of _CLUSTERED_MAX rows, then the nearest centroid for the others."""
    count = len(vectors)
    if count < 2:
        return np.zeros(count, np.int64)
    chosen = np.unique(np.linspace(0, count - 1, min(count, _CLUSTERED_MAX)).astype(np.int64))
    # Rounding puts the likeness of equal accounts above one, and a tree with negative distances is refused.
    distance = np.maximum(1.0 - vectors[chosen] @ vectors[chosen].T, 0.0)
    tree = linkage(squareform(distance.astype(np.float64), checks=False), "average")
    found = fcluster(tree, 1.0 - LINK_SIMILARITY, "distance") - 1
    labels = np.full(count, -1, np.int64)
    labels[chosen] = found
    rest = np.flatnonzero(labels < 0)
    if len(rest):
        centroids = np.stack([vectors[chosen[found == label]].mean(axis=0) for label in range(found.max() + 1)])
        similarity = vectors[rest] @ centroids.T
        nearest = similarity.argmax(axis=1)
        alike = similarity[np.arange(len(rest)), nearest] >= LINK_SIMILARITY
        labels[rest] = np.where(alike, nearest, found.max() + 1 + np.arange(len(rest)))
    return labels


def _joined(vectors: np.ndarray, clusters: list[np.ndarray]) -> list[np.ndarray]:
    """Merge clusters whose noise-free centroids agree: largest first, each into the first that takes it.

    vectors : those of the oddest calls, because padding pulls the whole means of one campaign's accounts apart
    """
    # Of equal sizes the first one first.
    ordered = sorted((rows for rows in clusters if len(rows) >= 2), key=lambda rows: -len(rows))
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    groups: list[list[np.ndarray]] = []
    # Of each group so far: sum of its vectors, of their squared lengths, accounts. Thousands of splinters are held
    # against one another, so nothing is summed twice.
    totals = np.empty((len(ordered), vectors.shape[1]))
    square, size = np.empty(len(ordered)), np.empty(len(ordered), np.int64)
    for rows in ordered:
        count, total = len(groups), vectors[rows].sum(axis=0, dtype=np.float64)
        cohesion = (np.einsum("ij,ij->i", totals[:count], totals[:count]) - square[:count]) / (
            size[:count] * (size[:count] - 1)
        )
        cohesion = np.maximum(cohesion, 1e-6)
        across = totals[:count] @ total / (size[:count] * len(rows))
        if len(rows) < _SPLINTER_ACCOUNTS:
            least = _SPLINTER_AGREEMENT * cohesion
        else:
            least = _CENTROID_AGREEMENT * np.sqrt(max(union_statistic(vectors[rows]), 1e-6) * cohesion)
        takes = np.flatnonzero((across >= least) & (across >= _ACROSS_MIN))
        place = int(takes[0]) if len(takes) else count
        if place == count:
            groups.append([])
            totals[place], square[place], size[place] = 0.0, 0.0, 0
        groups[place].append(rows)
        totals[place] += total
        square[place] += squares[rows].sum()
        size[place] += len(rows)
    return [np.sort(np.concatenate(parts)) for parts in groups]


def _parts(vectors: np.ndarray, sifted: np.ndarray) -> list[np.ndarray]:
    """Parts of a group that are unlike one another, none where all of it is alike.

    Two campaigns at once may end in one group: what holds of each need not hold of both together. From the top of the
    tree down, two branches are parts where they agree less than clusters that are joined.
    """
    rows = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), _PARTED_MAX)).astype(np.int64))
    if len(rows) < 2 * _PART_ACCOUNTS:
        return []
    distance = np.maximum(1.0 - vectors[rows] @ vectors[rows].T, 0.0)
    tree = to_tree(linkage(squareform(distance.astype(np.float64), checks=False), "average"))
    found = [np.sort(rows[members]) for members in _branches(tree, sifted[rows])]
    return sorted(found, key=lambda part: int(part[0])) if len(found) > 1 else []


def _branches(top: ClusterNode, sifted: np.ndarray) -> list[list[int]]:
    """Rows of the branches of a tree that do not agree, or of all of it. Small branches on the way are of no part."""
    node = top
    while True:
        large = [one for one in (node.get_left(), node.get_right()) if one and one.get_count() >= _PART_ACCOUNTS]
        if len(large) == 1:
            node = large[0]
            continue
        if large and not _agree(*(sifted[one.pre_order()] for one in large)):
            return [part for one in large for part in _branches(one, sifted)]
        return [top.pre_order()]


def _agree(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether the noise-free centroids of two clusters agree."""
    across = left.mean(axis=0, dtype=np.float64) @ right.mean(axis=0, dtype=np.float64)
    cohesion = max(union_statistic(left), 1e-6) * max(union_statistic(right), 1e-6)
    return bool(across >= _CENTROID_AGREEMENT * np.sqrt(cohesion))


def _absorbed(groups: list[np.ndarray], vectors: np.ndarray, reference: np.ndarray) -> list[np.ndarray]:
    """The groups, each with the accounts outside that lie in its direction.

    vectors, reference : float32[n, d] and float32[r, d], whitened means of flagged and of reference accounts
    """
    large = [place for place, rows in enumerate(groups) if len(rows) >= _ABSORBING_ACCOUNTS]
    outside = np.setdiff1d(np.arange(len(vectors)), np.concatenate([np.zeros(0, np.int64), *groups]))
    if not large or len(outside) == 0 or len(reference) == 0:
        return groups
    directions = unit(np.stack([vectors[groups[place]].sum(axis=0) for place in large])).T
    reach, usual = vectors[outside] @ directions, reference @ directions
    tails = np.stack([tail_probability(reach[:, one], usual[:, one]) for one in range(len(large))], axis=1)
    # Of equal ranks the direction it reaches further in.
    best = np.lexsort((-reach, tails), axis=1)[:, 0]
    joins = tails[np.arange(len(outside)), best] <= _ABSORBED_TAIL
    grown = list(groups)
    for one, place in enumerate(large):
        grown[place] = np.sort(np.concatenate([groups[place], outside[joins & (best == one)]]))
    return grown


def _link_rate(reference: np.ndarray) -> float:
    """Share of reference account pairs as similar as linked accounts: how often strangers look alike."""
    generator = np.random.default_rng(0)
    left, right = generator.integers(0, len(reference), (2, _PAIRS))
    different = left != right
    similarity = np.einsum("ij,ij->i", reference[left[different]], reference[right[different]])
    return max(float(np.mean(similarity >= LINK_SIMILARITY)), 1.0 / _PAIRS)


def _evidence(size: int, tested: int, alarm_level: float, link_rate: float) -> float:
    """-log10 of a bound on the chance that honest accounts form such a cluster.

    Of ``tested`` accounts ``tested * alarm_level`` are flagged by chance, and each finds Poisson-many others like it:
    P <= tested * alarm_level * P(Poisson(tested * alarm_level * link_rate) >= size - 1).
    """
    from scipy.stats import poisson  # slow to import: see ``findings.family_evidence``

    flagged = tested * alarm_level
    tail = poisson.logsf(size - 2, flagged * link_rate) / np.log(10.0)
    return float(np.clip(-(np.log10(max(flagged, 1e-12)) + tail), 0.0, _EVIDENCE_MAX))


def find_clusters(evidence: Evidence, settings: Settings) -> list[Finding]:
    """Findings of at least ``settings.campaign_accounts_min`` flagged accounts, strongest first; only who they are."""
    flagged = np.flatnonzero(evidence.probability < settings.alarm_level)
    if len(flagged) < settings.campaign_accounts_min:
        return []
    places = evidence.places(flagged)
    means, sifted = evidence.vectors[places], evidence.sifted[places]
    vectors = np.concatenate([means, sifted], axis=1) / np.sqrt(np.float32(2))
    labels = _linked(vectors)
    groups = _joined(sifted, [np.flatnonzero(labels == label) for label in range(labels.max() + 1)])
    groups = _absorbed(groups, means, evidence.reference_vectors)
    groups = _joined(sifted, groups)  # fuller clusters agree better
    tested = int((~np.isnan(evidence.probability)).sum())
    link_rate = _link_rate(evidence.reference_vectors)
    clusters = [
        Finding(
            members=flagged[rows],
            parts=tuple(flagged[rows[part]] for part in _parts(vectors[rows], sifted[rows])),
            cohesion=union_statistic(vectors[rows]),
            evidence=_evidence(len(rows), tested, settings.alarm_level, link_rate),
        )
        for rows in groups
        if len(rows) >= settings.campaign_accounts_min
    ]
    return sorted(clusters, key=lambda one: (-one.evidence, -len(one.members), one.members[0]))
