"""A run in tasks gives what one machine gives, to the byte, however it is cut, mixed and repeated."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gauger.batch.score import score
from gauger.cluster.run import looked_up, run
from gauger.cluster.tasks import task_secret
from gauger.engine.cluster.pieces import Piece
from gauger.engine.common import shards
from gauger.engine.common.errors import InputError, StateError
from gauger.engine.common.secret import Secret
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.reference.directory import StateDirectory
from gauger.kernels.text.features import FEATURES
from tests.bindings.cluster.days import SETTINGS, Case, found, make, same_files
from tests.bindings.cluster.here import Here, Table
from tests.bindings.serve.spools import leave, rows_of, today


@pytest.fixture(scope="module", params=[450_000, 900])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A day of one unit, and of several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_UNIT_CALLS", request.param)
        yield make(tmp_path_factory.mktemp("case"))


@pytest.mark.parametrize("tasks", [1, 3, 9])
def test_tables_and_state_are_those_of_one_machine(case: Case, tasks: int, tmp_path: Path) -> None:
    given = looked_up(list(case.logs), None)
    state = case.fresh_state(tmp_path / "state")
    result = run(
        lambda secret: Here(given, secret, tasks),
        given,
        tmp_path / "out",
        state=state,
        secret=None,
        settings=SETTINGS,
    )
    expected = found(case.out)
    assert found(tmp_path / "out") == expected
    assert expected["campaigns"].num_rows >= 1
    assert expected["quarantine"].num_rows == 2
    assert result.manifest["left_out"] == {"delivered again": 40}
    assert same_files(state, case.state_after)


def test_what_other_providers_found_is_weighed_as_on_one_machine(case: Case, tmp_path: Path) -> None:
    given = looked_up(list(case.logs), None)
    centroids = unit(np.random.default_rng(1).standard_normal((2, FEATURES)).astype(np.float32))
    finding = SharedFinding("elsewhere", centroids, np.array([12, 15]))
    states = [StateDirectory(case.fresh_state(tmp_path / name)) for name in ("one", "many")]
    for state in states:
        state.shared = (finding,)
    score(list(case.logs), tmp_path / "expected", state=states[0], settings=SETTINGS)
    result = run(
        lambda secret: Here(given, secret, 3), given, tmp_path / "out", state=states[1], secret=None, settings=SETTINGS
    )
    assert result.manifest["signatures"] == ["elsewhere"]
    assert found(tmp_path / "out") == found(tmp_path / "expected")
    assert found(tmp_path / "out")["accounts"] != found(case.out)["accounts"]
    assert same_files(states[0].path, states[1].path)


def test_signatures_need_a_state_directory(case: Case, tmp_path: Path) -> None:
    given = looked_up(list(case.logs), None)
    with pytest.raises(InputError, match="weighed with a state directory"):
        run(
            lambda secret: Here(given, secret, 1),
            given,
            tmp_path / "out",
            state=None,
            secret=None,
            settings=SETTINGS,
            signatures=["finding.sig"],
        )


def test_without_a_state_directory_nothing_is_kept(case: Case, tmp_path: Path) -> None:
    given = looked_up(list(case.logs), None)
    out = tmp_path / "out"
    for _ in range(2):  # over an earlier run's tables
        run(lambda key: Here(given, key, 2), given, out, state=None, secret=Secret(b"k" * 16), settings=SETTINGS)
    assert found(out)["accounts"].num_rows == found(case.out)["accounts"].num_rows


def test_nothing_to_score_is_a_run_of_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"account_id": null}\n')
    given = looked_up([log], None)
    result = run(lambda key: Here(given, key, 1), given, tmp_path / "out", state=None, secret=None, settings=SETTINGS)
    assert (result.manifest["rows"], result.manifest["scored"]) == (1, 0)


def test_a_worker_without_the_key_or_with_another_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    key, other = Secret(b"k" * 16), Secret(b"o" * 16)
    monkeypatch.delenv("GAUGER_KEY", raising=False)
    monkeypatch.delenv("GAUGER_KEY_FILE", raising=False)
    with pytest.raises(StateError, match="a worker has no key"):
        task_secret(key.key_id)
    monkeypatch.setenv("GAUGER_KEY", other.handed_over())
    with pytest.raises(StateError, match=f"a worker has the key {other.key_id}"):
        task_secret(key.key_id)
    monkeypatch.setenv("GAUGER_KEY", key.handed_over())
    assert task_secret(key.key_id).key_id == key.key_id


def test_a_map_that_joins_files_is_for_one_machine(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.jsonl").write_text('{"id": "a"}\n')
    joining = tmp_path / "map.toml"
    joining.write_text(
        '[join]\non = "id"\ncall = "response"\nwith = "body"\n[columns]\nstart_time = "t"\naccount_id = "a"\n'
        'prompt_text = "body.q"\n'
    )
    with pytest.raises(InputError, match="needs one machine"):
        looked_up(sorted(tmp_path.glob("*.jsonl")), str(joining))


def test_what_hosts_recorded_is_for_one_machine(tmp_path: Path) -> None:
    leave(tmp_path, rows_of(today(), 3))
    with pytest.raises(InputError, match="recorded by a host"):
        looked_up([tmp_path], None)


def test_files_that_fail_and_files_left_out_are_told(case: Case, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.parquet").write_bytes(case.logs[0].read_bytes())
    (tmp_path / "logs" / "b.parquet").write_bytes(b"PAR1 and no more")
    given = looked_up([tmp_path / "logs"], None)
    result = run(lambda key: Here(given, key, 2), given, tmp_path / "out", state=None, secret=None, settings=SETTINGS)
    assert result.manifest["scored"] == 700
    assert len(result.errors) == 1
    assert "b.parquet" in result.errors[0]


def test_two_runs_into_one_place(case: Case, tmp_path: Path) -> None:
    given = looked_up(list(case.logs), None)

    def other(key: Secret) -> Here:
        run(lambda own: Here(given, own, 1), given, tmp_path / "out", state=None, secret=None, settings=SETTINGS)
        return Here(given, key, 1)

    with pytest.raises(StateError, match="another run works here"):
        run(other, given, tmp_path / "out", state=None, secret=None, settings=SETTINGS)


@pytest.mark.parametrize("kind", ["tables", "state"])
def test_a_driver_that_dies_has_kept_nothing_and_goes_on(case: Case, kind: str, tmp_path: Path) -> None:
    given = looked_up(list(case.logs), None)
    state = case.fresh_state(tmp_path / "state")

    class Dead(Here):
        """Ends in the middle of what it gives."""

        def collected(self, table: Table, wanted: str) -> Iterator[Piece]:
            yield from list(super().collected(table, wanted))[: 1 if wanted == kind else None]
            if wanted == kind:
                raise KeyboardInterrupt

    def again(runner: type[Here]) -> None:
        run(lambda key: runner(given, key, 2), given, tmp_path / "out", state=state, secret=None, settings=SETTINGS)

    with pytest.raises(KeyboardInterrupt):
        again(Dead)
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert same_files(state, case.state)
    again(Here)
    assert found(tmp_path / "out") == found(case.out)
    assert same_files(state, case.state_after)


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to read"):
        looked_up([], None)
