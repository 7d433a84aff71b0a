"""Connected components against a walk over a dictionary of neighbours."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.unions import components

EDGES = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20)


def walked(nodes: int, edges: list[tuple[int, int]]) -> list[int]:
    """Component of each node, numbered as first met from node 0 on."""
    near: dict[int, set[int]] = {node: set() for node in range(nodes)}
    for left, right in edges:
        near[left].add(right)
        near[right].add(left)
    label: dict[int, int] = {}
    for start in range(nodes):
        number, waiting = max(label.values(), default=-1) + 1, [start]
        while waiting:
            node = waiting.pop()
            if node not in label:
                label[node] = number
                waiting.extend(near[node])
    return [label[node] for node in range(nodes)]


@settings(max_examples=100, deadline=None)
@given(EDGES)
def test_components_are_those_of_a_walk_numbered_by_their_least_node(edges: list[tuple[int, int]]) -> None:
    left, right = np.asarray(edges, np.int64).reshape(-1, 2).T
    assert components(15, left, right).tolist() == walked(15, edges)


def test_no_edges_leave_every_node_alone() -> None:
    none = np.zeros(0, np.int64)
    assert components(4, none, none).tolist() == [0, 1, 2, 3]
    assert components(0, none, none).tolist() == []
