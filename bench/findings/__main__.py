"""Words of findings: planted campaigns and honest cohorts that are new, and what each is called.

python -m bench.findings measure --seeds 41 42 --views content "all columns" [--kinds NAME ...]
python -m bench.findings train
python -m bench.findings show --seeds 43
"""

import argparse
from pathlib import Path

import numpy as np

from bench.detection.world import homes
from bench.findings import training
from bench.findings.days import VIEWS, Seen, measure
from bench.findings.kinds import KINDS
from bench.findings.page import LOG, TRAINING
from bench.findings.show import newest, show
from bench.pages.history import append, commit, read
from bench.world.corpora import ABSENT, corpora_directory
from gauger.engine.findings import weights

CALLS = 60_000
REPORTED = (43, 47)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.findings", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=("measure", "train", "show"))
    parser.add_argument("--seeds", type=int, nargs="+", help="one world each")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=list(VIEWS))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, metavar="KIND", default=list(KINDS))
    parser.add_argument("--calls", type=int, default=CALLS, help="honest calls a day (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/findings"), help="what is built (%(default)s)")
    parser.add_argument("--log", type=Path, default=LOG, help="what was measured (%(default)s)")
    return parser.parse_args()


def _measure(chosen: argparse.Namespace, corpora: Path) -> None:
    days, runs = homes(chosen.out)
    for seed in chosen.seeds or REPORTED:
        for view in chosen.views:
            name = f"{chosen.calls}-{seed}-{view.replace(', ', '_').replace(' ', '_')}"
            world = Seen(seed, chosen.calls, corpora, days / name, runs / name, **VIEWS[view])
            for kind in chosen.kinds:
                try:
                    found = measure(world, view, KINDS[kind])
                except ValueError as error:  # a set is too small for what it should plant
                    print(f"{kind}: {error}", flush=True)
                    continue
                append({"commit": commit(), **found}, chosen.log)
                words = [f"{one['assessment']} {one['probability']:.2f} ({one['own']})" for one in found["findings"]]
                print(
                    f"seed {seed}, {view}, {kind}: {found['flagged']} of {found['weighed']} flagged, "
                    f"{found['honest_flagged']} of {found['honest_weighed']} others: {', '.join(words[:4]) or '-'}",
                    flush=True,
                )


def main() -> None:
    """The command line."""
    chosen, corpora = _arguments(), corpora_directory()
    if chosen.command == "measure":
        if corpora is None:
            print(ABSENT)
            return
        _measure(chosen, corpora)
        return
    seeds = chosen.seeds or (TRAINING if chosen.command == "train" else REPORTED)
    measured = newest([row for row in read(chosen.log) if row["seed"] in seeds and row["view"] in chosen.views])
    if chosen.command == "show":
        print(show(measured))
        return
    examples = training.examples_of(measured)
    held_out = training.left_out(examples)
    error = training.calibration_error(held_out, examples.campaign, examples.weight)
    wrong = np.average((held_out >= 0.5) != examples.campaign, weights=examples.weight)
    model = training.train(examples)
    training.write(model, Path(weights.__file__))
    print(f"{len(held_out)} findings; of groups left out: calibration error {error:.3f}, wrong side {wrong:.3f}")


if __name__ == "__main__":
    main()
