"""The stages of the bench: what takes turns, and what is made of the times."""

import numpy as np
import pyarrow as pa
import pytest

from gauger.benchmark import stages as bench_stages
from gauger.benchmark import turns
from gauger.benchmark.stages import ADMIT, CONTROL, FLOOR, FOLD, PASS, STREAMING, UP_TO, stages
from gauger.engine.intake.admission import admit
from gauger.kernels.text.measuring import STEPS
from tests.bindings import traffic


@pytest.fixture(scope="module")
def calls() -> pa.RecordBatch:
    return admit(traffic.table(traffic.honest(10, 6, 1)).combine_chunks().to_batches()[0]).calls


def test_content_is_the_bytes_of_the_batch_alone(calls: pa.RecordBatch) -> None:
    part = calls.slice(7, 20)
    assert bench_stages.content(part).tobytes().decode() == "".join(part.column("prompt_text").to_pylist())
    ids = pa.record_batch({"prompt_token_ids": pa.array([[1, 2], [3], [4, 5, 6]], pa.list_(pa.int32()))})
    assert bench_stages.content(ids.slice(1)).view(np.int32).tolist() == [3, 4, 5, 6]


def test_every_stage_takes_time(calls: pa.RecordBatch) -> None:
    times = turns.take_turns(bench_stages.works([calls, calls.slice(7, 20)]), rounds=1)
    measured = stages(times)
    assert [stage.name for stage in measured] == [FLOOR, STREAMING, ADMIT, *STEPS, PASS, FOLD]
    assert measured[0].floors == 1.0


def test_a_stage_is_the_difference_of_two_prefixes_within_a_round() -> None:
    times = {
        FLOOR: [1.0, 2.0, 1.0],
        STREAMING: [2.0, 2.0, 2.0],
        ADMIT: [1.0, 1.0, 1.0],
        f"{UP_TO}first": [2.0, 2.0, 3.0],
        f"{UP_TO}second": [5.0, 5.0, 3.5],
        PASS: [6.0, 7.0, 5.0],
        FOLD: [1.0, 1.0, 1.0],
    }
    found = {stage.name: (stage.seconds, stage.floors) for stage in stages(times)}
    assert found["first"] == (2.0, 2.0)
    assert found["second"] == (3.0, 1.5)
    assert found[PASS] == (6.0, 5.0)


def test_threads_share_the_batches_and_the_control_shares_nothing(
    calls: pa.RecordBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_stages, "_CONTROL_WORDS", 1_000)
    works = bench_stages.thread_works([calls.slice(at, 10) for at in range(0, 60, 10)], (1, 2))
    works |= bench_stages.control_works((1, 2))
    assert list(works) == ["1 thread", "2 threads", f"{CONTROL}1 thread", f"{CONTROL}2 threads"]
    times = turns.take_turns(works, rounds=1)
    assert list(bench_stages.speedups(times, (1, 2))) == ["1 thread", "2 threads"]
    assert bench_stages.speedups(times, (1, 2), CONTROL)["1 thread"] == 1.0
