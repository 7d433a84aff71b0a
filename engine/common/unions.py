"""Connected components of small graphs, numbered by their least node."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def components(nodes: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Component of each node, int64[nodes]; components are numbered in order of their least node."""
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(nodes, nodes))
    _, label = connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    order = np.empty(len(first), np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return order[label]
