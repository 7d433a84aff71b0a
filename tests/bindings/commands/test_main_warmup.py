"""``gauger warmup``, and what must not wait for it: the package and its help import nothing heavy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import gauger
from gauger.commands.main import main
from gauger.kernels import warm
from gauger.kernels.warm import Warmth

HEAVY = {"numba", "numpy", "pyarrow", "faiss", "scipy", "jinja2", "matplotlib"}


def modules_after(script: str) -> set[str]:
    """Top-level modules a new process has imported after running a script."""
    code = f"{script}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "script",
    [
        "import gauger; gauger.__version__, dir(gauger)",
        "from gauger.commands.main import main; main(['--help'], standalone_mode=False)",
        "from gauger.commands.main import main; main(['score', '--help'], standalone_mode=False)",
        "from gauger import GaugerError, InputError, StateError",
    ],
)
def test_nothing_heavy_is_imported(script: str) -> None:
    assert not modules_after(script) & HEAVY


def test_scipy_stats_waits_for_finish() -> None:
    script = "import gauger, sys; gauger.Engine; assert 'scipy.stats' not in sys.modules"
    assert "numba" in modules_after(script)


def test_every_public_name_is_where_it_is_said_to_be() -> None:
    assert {*gauger.__all__} == {*gauger._HOMES, "__version__"}
    assert {*gauger.__all__} <= {*dir(gauger)}
    for name in gauger.__all__:
        assert getattr(gauger, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gauger.__getattr__("nothing")


def test_it_says_what_it_did() -> None:
    result = CliRunner().invoke(main, ["warmup"])
    kernels = gauger.warmup().kernels
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{kernels} kernels ready in ")
    assert second == f"cache: {gauger.warmup().directory}"


def test_a_cache_of_no_use_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image without its cache should not be built."""
    made = Warmth(kernels=3, compiled=3, loaded=0, seconds=1.5, directory=None, problem="no\nplace")
    monkeypatch.setattr(warm, "warmup", lambda progress: made)
    result = CliRunner().invoke(main, ["warmup"])
    assert result.exit_code == 1
    assert result.stdout == "3 kernels ready in 1.5 s: 3 compiled, 0 loaded\ncache: none\n"
    assert result.stderr == "gauger: the cache could not be used: no\\nplace\n"


def test_the_host_s_numba_cache_is_its_own(tmp_path: Path) -> None:
    """Nothing of ours goes to NUMBA_CACHE_DIR, and Numba's setting stays what it was."""
    script = (
        "import numpy as np, numba.core.config as config\nfrom gauger.kernels.machine.floor import sum_bytes\n"
        "print(sum_bytes(np.arange(4, dtype=np.uint8)), config.CACHE_DIR)"
    )
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(theirs), "GAUGER_CACHE_DIR": str(ours)}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == f"6 {theirs}\n"
    assert not theirs.exists()
    assert len(list(ours.rglob("*.kernel"))) == 1
