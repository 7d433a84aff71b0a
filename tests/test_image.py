"""The image: its steps, tried without a container runtime. That the wheel is built and installs is tried in CI.

Its user is nobody on this machine. Root, as CI is, becomes that user; anybody else is the one without rights.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gauger.kernels.machine.cache import DIRECTORY
from gauger.kernels.warm import warmup
from tests.bindings import traffic

ROOT = Path(__file__).parents[1]
STEPS = re.findall(r"^([A-Z]+) (.*)$", (ROOT / "Dockerfile").read_text(), re.M)
LAST = {name: value for name, value in STEPS if name in ("USER", "WORKDIR", "ENTRYPOINT")}


def test_it_ends_as_a_user_of_its_own() -> None:
    user, group = map(int, LAST["USER"].split(":"))
    assert min(user, group) > 1_000
    assert LAST["ENTRYPOINT"] == '["gauger"]'


def test_what_it_copies_is_what_a_wheel_is_made_of() -> None:
    wanted = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}
    assert {"bindings", "engine", "kernels", "pyproject.toml", "README.md"} <= wanted
    assert all(list(ROOT.glob(name)) for name in wanted)


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """The cache that its step ``gauger warmup --to`` leaves, seeded with what is compiled here already."""
    warmup()
    assert DIRECTORY.path is not None
    place = tmp_path / "kernels"
    place.mkdir(mode=0o700)  # as a cache is made
    shutil.copytree(DIRECTORY.path, place / Path(DIRECTORY.path).name)
    (step,) = (value for name, value in STEPS if name == "RUN" and "warmup" in value)
    words = step.replace("/opt/gauger/kernels", str(place)).split()[1:]
    subprocess.run([sys.executable, "-m", "gauger", *words], check=True, capture_output=True)
    return place


def test_its_user_scores_with_kernels_that_root_compiled(kernels: Path, tmp_path: Path) -> None:
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (kernels, *kernels.rglob("*"))}
    assert modes == {(True, 0o755), (False, 0o644)}
    user, group = LAST["USER"].split(":")
    data = tmp_path / "data"
    data.mkdir()
    traffic.write(traffic.table(traffic.honest(5, 6, 1)), data / "logs.parquet")
    become: list[str] = []
    if os.geteuid() == 0:  # else whoever runs the tests is no root either
        for path in (data, *data.iterdir()):
            os.chown(path, int(user), int(group))
        # The interpreter may lie in root's own folder: reading is let through, writing is not.
        become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    own = {
        "GAUGER_CACHE_DIR": str(kernels),
        "HOME": "/nonexistent",
        "XDG_CACHE_HOME": str(data),
        "XDG_STATE_HOME": str(data),
    }
    environment = {**os.environ, **own}
    gauger = [*become, sys.executable, "-m", "gauger"]
    said = subprocess.run([*gauger, "warmup"], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert " 0 compiled, " in said.stdout
    words = ["score", "logs.parquet", "--out", "day", "--state", "state"]
    run = subprocess.run([*gauger, *words], env=environment, cwd=data, capture_output=True)
    assert run.returncode == 0, run.stderr
    assert (data / "day" / "manifest.json").exists()
