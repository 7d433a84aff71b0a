"""The benches, for pytest-benchmark. ``python -m bench.speed`` runs them; by hand, from the root:

python -m pytest bench/speed/bench_speed.py -o 'python_functions=bench_*' -k 'MinHash and real'
"""

from typing import Any

import pytest

from bench.speed import stages as speed
from bench.speed.replay import CLOCK, replay
from bench.world import texts

CASES = [
    pytest.param(corpus, task, entrant, id=f"{corpus}: {task}: {entrant}")
    for corpus in texts.NAMES
    for task, entrants in speed.entrants().items()
    for entrant in entrants
]


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize(("corpus", "task", "entrant"), CASES)
def bench_speed(benchmark: Any, corpus: str, task: str, entrant: str) -> None:
    """Every contestant reports what its turns took."""
    try:
        found = speed.times(corpus, task)
    except texts.AbsentError as absent:
        pytest.skip(str(absent))
    if entrant not in found:
        pytest.skip("not installed")
    benchmark.group = f"{corpus}: {task}"
    benchmark.extra_info.update(speed.extent(corpus, task))
    replay(benchmark, found[entrant])
