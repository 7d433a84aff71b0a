"""Ray gives what one machine gives, and goes on where a worker dies."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.ray import score
from gauger.ray.scoring import RayRunner
from tests.bindings.cluster.days import SETTINGS, Case, found, make, same_files

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A day, and a cluster of two cores whose workers have the key of its state directory."""
    made = make(tmp_path_factory.mktemp("case"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAUGER_KEY_FILE", str(made.state / "key"))
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 << 20)
        yield made
        ray.shutdown()


def test_files_as_tasks(case: Case, tmp_path: Path) -> None:
    state = case.fresh_state(tmp_path / "state")
    result = score([case.logs[0].parent], state=state, out=tmp_path / "out", settings=SETTINGS)
    assert found(tmp_path / "out") == found(case.out)
    assert same_files(state, case.state_after)
    assert result.manifest["left_out"] == {"delivered again": 40}


class Dies:
    """A step whose process dies halfway the first time."""

    def __init__(self, step: Any, mark: str) -> None:
        self.step, self.mark = step, mark

    def __call__(self, *given: Any) -> Iterator[Any]:
        for number, piece in enumerate(self.step(*given)):
            if number == 1 and not os.path.exists(self.mark):
                os.close(os.open(self.mark, os.O_CREAT))
                os._exit(9)
            yield piece


def test_workers_that_die(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    grouped = RayRunner.grouped

    def dying(self: RayRunner, given: Any, units: int, step: Any, *, moves: bool = True) -> Any:
        return grouped(self, given, units, Dies(step, str(tmp_path / type(step).__name__)), moves=moves)

    monkeypatch.setattr(RayRunner, "grouped", dying)
    state = case.fresh_state(tmp_path / "state")
    score(list(case.logs), state=state, out=tmp_path / "out", settings=SETTINGS)
    assert found(tmp_path / "out") == found(case.out)
    assert {path.name for path in tmp_path.iterdir()} >= {"Fold", "Gather"}


def test_workers_with_another_key_say_so(case: Case, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="a worker has the key"):
        score(case.logs, state=None, out=tmp_path / "out", secret=Secret(b"another key, yes"), settings=SETTINGS)
