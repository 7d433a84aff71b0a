"""Ray gives what one machine gives, and goes on where a worker dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.ray import score
from gauger.ray.scoring import RayRunner
from tests.bindings.cluster.days import SETTINGS, Case, found, make, same_files
from tests.bindings.cluster.dying import let_die

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
    result = score([case.logs[0].parents[1]], state=state, out=tmp_path / "out", settings=SETTINGS)
    assert found(tmp_path / "out") == found(case.out)
    assert same_files(state, case.state_after)
    assert result.manifest["left_out"] == {"delivered again": 40}


def test_workers_that_die(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_die(monkeypatch, RayRunner, tmp_path)
    state = case.fresh_state(tmp_path / "state")
    score(list(case.logs), state=state, out=tmp_path / "out", settings=SETTINGS)
    assert found(tmp_path / "out") == found(case.out)
    assert {path.name for path in tmp_path.iterdir()} >= {"Fold", "Gather", "Weigh"}


def test_workers_with_another_key_say_so(case: Case, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"^a worker has the key"):
        score(case.logs, state=None, out=tmp_path / "out", secret=Secret(b"another key, yes"), settings=SETTINGS)
