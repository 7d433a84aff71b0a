"""The notebooks run on a small day, cell after cell, as plain Python."""

import json
from pathlib import Path

import pytest

from gauger.batch.score import score
from gauger.engine.common.settings import Settings
from gauger.engine.plan.local import Local
from gauger.simulate import CampaignSpec, simulate

NOTEBOOKS = sorted((Path(__file__).parents[1] / "examples" / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    specs = [CampaignSpec("template", 60, 20), CampaignSpec("grid", 40, 20)]
    paths = simulate(folder / "logs", calls=3_000, seed=3, campaigns=specs, reference_days=1, reference_calls=3_000)
    settings = Settings(reference_accounts_min=50, alarm_level=0.02)
    for log, out in ((paths.reference[0], "before"), (paths.day, "day")):
        score([log], folder / out, state=folder / "state", settings=settings, local=Local(features=True))
    return folder / "day"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_runs(path: Path, day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_OUT", str(day))
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, object] = {}
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 4
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"{path.name}[{number}]", "exec"), names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_came_of_it_and_no_place_of_a_machine(path: Path) -> None:
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in cells[1:])
    assert not any(output["output_type"] == "error" for cell in cells for output in cell["outputs"])
    assert not any(place in path.read_text() for place in ("/home/", "/root/", "/work/", "/tmp/"))
