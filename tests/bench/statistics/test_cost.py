"""The bench of what statistics cost, on a handful of accounts."""

import pytest

from bench.statistics.cost import main, steps


def test_every_step_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--accounts", "50"])
    lines = capsys.readouterr().out.splitlines()
    assert [line[:30].strip() for line in lines] == [*steps(50), "all"]
    assert all(line.endswith(" s") for line in lines)
