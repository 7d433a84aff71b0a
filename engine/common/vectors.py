"""Vectors of accounts: scaled alike before they are compared."""

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to unit norm, float32; zero rows stay zero."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
