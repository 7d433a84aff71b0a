"""Vectors of accounts, scaled alike before they are compared, and features of calls, wherever they lie."""

from typing import Protocol

import numpy as np


class Features(Protocol):
    """int8[n, FEATURES], in memory or on disk."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: np.ndarray, /) -> np.ndarray:
        """Some rows, int64."""
        ...


def placed(features: Features, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An array in memory and the rows of it that are wanted: what lies on disk is read, what is here is not copied."""
    if isinstance(features, np.ndarray):
        return features, rows
    return features[rows], np.arange(len(rows))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to unit norm, float32; zero rows stay zero."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
