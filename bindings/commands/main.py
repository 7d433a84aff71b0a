"""The command line: ``gauger COMMAND --help`` shows each command with an example.

Exit codes: 0 done, 1 ran but something failed, 2 bad usage, 130 interrupted (``boundary``).
"""

import os
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from gauger import __version__
from gauger.boundary import complain
from gauger.commands.columns import columns_command
from gauger.commands.config import config_command
from gauger.commands.doctor import doctor_command
from gauger.commands.export import export_command
from gauger.commands.findings import appeal_command, decide_command, package_command, stamp_command, verify_command
from gauger.commands.group import Commands, progress_bar, say
from gauger.commands.options import FOLDER, PATH, seed_option
from gauger.commands.score import score_command, week_command
from gauger.commands.serve import policy_commands, serve_command
from gauger.commands.signature import signature_commands
from gauger.commands.state import state_commands
from gauger.commands.tracing import canary_commands, responses_command, trace_command
from gauger.text.formats import visible


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gauger")
def main() -> None:
    """Find distillation campaigns in LLM API traffic by joining weak evidence across accounts.

    Whatever fails is one line. GAUGER_DEBUG=1 shows the traceback as well; prompts may be in it.
    """


main.add_command(score_command)
main.add_command(week_command)
main.add_command(state_commands)
main.add_command(columns_command)
main.add_command(policy_commands)
main.add_command(serve_command)
main.add_command(config_command)
main.add_command(doctor_command)
main.add_command(export_command)
main.add_command(decide_command)
main.add_command(package_command)
main.add_command(stamp_command)
main.add_command(verify_command)
main.add_command(appeal_command)
main.add_command(signature_commands)
main.add_command(canary_commands)
main.add_command(responses_command)
main.add_command(trace_command)


@main.command()
def plan() -> None:
    """Print the stages of a run: what each works on, what it needs and what it leaves.

    \b
    Example:
      gauger plan
    """
    from gauger.engine.plan.stages import PLAN, described

    say(described(), {"stages": [asdict(one) for one in PLAN]})


@main.command()
@click.option("--out", required=True, type=FOLDER, help="Directory for the logs and truth.parquet.")
@click.option("--calls", default=200_000, show_default=True, type=click.IntRange(500), help="Honest calls of the day.")
@click.option(
    "--campaign", "campaigns", multiple=True, metavar="KIND:ACCOUNTS:CALLS", help="Plant one; may be repeated."
)
@seed_option
@click.option("--into", multiple=True, type=PATH, metavar="LOG", help="Plant the campaigns in this log of your own.")
@click.option("--columns", metavar="MAP", help="Column map of the log given by --into.")
def simulate(
    out: Path, calls: int, campaigns: tuple[str, ...], seed: int, into: tuple[Path, ...], columns: str | None
) -> None:
    """Make five reference days and a day of traffic with planted campaigns, or plant them in your own log.

    \b
    Kinds: template, diverse, padded, grid, cot. CALLS are per account and day.
    Example:
      gauger simulate --out sim --calls 50000 --campaign template:300:26 --campaign diverse:200:26
    """
    from gauger.simulate import DAYS_ENOUGH, DEFAULT_CAMPAIGNS, CampaignSpec, plant
    from gauger.simulate import simulate as run

    try:
        specs = [CampaignSpec.parse(text) for text in campaigns] or list(DEFAULT_CAMPAIGNS)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if into:
        paths = plant(list(into), out, specs, seed, columns)
    else:
        with progress_bar() as progress:
            told = partial(progress, "simulating")
            paths = run(
                out,
                calls=calls,
                campaigns=specs,
                seed=seed,
                progress=told,
                reference_days=DAYS_ENOUGH,
                reference_calls=calls,
            )
    made = [str(path) for path in [*paths.reference, paths.day, paths.truth]]
    say("\n".join(made), {"files": made})


@main.command()
@click.argument("out", type=FOLDER)
@click.option("--truth", required=True, type=PATH, help="truth.parquet: account_id, campaign (null = honest), kind.")
def evaluate(out: Path, truth: Path) -> None:
    """Hold a run against the truth: recall, false positives, precision, calls leaked.

    \b
    Example:
      gauger evaluate day --truth sim/truth.parquet
    """
    from gauger.batch.evaluate import evaluate as run
    from gauger.batch.evaluate import to_text

    found = run(out, truth)
    say(to_text(found), asdict(found))


@main.command()
@click.argument("out", type=FOLDER)
@click.option("--account", help="An account id.")
@click.option("--campaign", type=int, help="A finding's number.")
@click.option("--family", type=int, help="A family id.")
def explain(out: Path, **asked: Any) -> None:
    """Explain one account, finding or family of a run in words.

    \b
    Example:
      gauger explain day --campaign 1
    """
    from gauger.report.explain import explain as run
    from gauger.results.run import read_run

    if sum(value is not None for value in asked.values()) != 1:
        raise click.UsageError("give exactly one of --account, --campaign, --family")
    text = run(out, **asked)
    finished = read_run(out)
    what, wanted = next((name, value) for name, value in asked.items() if value is not None)
    name, key = {"account": ("accounts", "account_id"), "campaign": ("campaigns", "campaign_id")}.get(
        what, ("families", "family_id")
    )
    import pyarrow.compute as pc

    table = getattr(finished, name)
    say(text, {what: table.filter(pc.equal(table[key], wanted)).to_pylist()[0]})


@main.command()
@click.argument("out", type=FOLDER)
def report(out: Path) -> None:
    """Write a run's report: one HTML file that needs no network.

    \b
    Example:
      gauger report day
    """
    from gauger.report import write_report

    path = str(write_report(out))
    say(path, {"report": path})


@main.command()
@click.option("--input", "source", type=PATH, metavar="LOG", help="Measure on this log (default: simulated traffic).")
@click.option("--columns", metavar="MAP", help="Column map of the log.")
def bench(source: Path | None, columns: str | None) -> None:
    """Measure throughput on this machine, as ratios to reading the same columns.

    \b
    Example:
      gauger bench --input logs/2026-03-16.parquet
    """
    from gauger.benchmark.command import bench as run

    with progress_bar() as progress:
        text = run(source, columns, progress)
    say(text, {"lines": text.splitlines()})


@main.command()
@click.option("--out", default="demo-output", show_default=True, type=FOLDER, help="Directory for everything it makes.")
@click.option(
    "--calls", default=200_000, show_default=True, type=click.IntRange(20_000), help="Honest calls of the day."
)
@seed_option
def demo(out: Path, **options: int) -> None:
    """Simulate five reference days and a day with three campaigns; score, evaluate and report it.

    \b
    Example:
      gauger demo --out demo-output
    """
    from gauger.demo import demo as run

    with progress_bar() as progress:
        text = run(out, progress=progress, **options)
    say(text, {"out": str(out), "lines": text.splitlines()})


@main.command()
@click.option("--to", type=FOLDER, help="Another cache; later processes find it in $GAUGER_CACHE_DIR.")
def warmup(to: Path | None) -> None:
    """Compile the kernels into the cache, so that no later process waits for it: for container images, say.

    The cache is $GAUGER_CACHE_DIR, else $XDG_CACHE_HOME/gauger, else ~/.cache/gauger. It is used only by the user who
    filled it, or by all who can read it if that was root, and only on the same kind of processor.

    \b
    Example:
      gauger warmup --to /opt/gauger/kernels
    """
    if to is not None:
        os.environ["GAUGER_CACHE_DIR"] = str(to)  # before anything is imported that has a kernel
    from gauger.kernels.machine.cache import share
    from gauger.kernels.warm import warmup as run

    with progress_bar() as progress:
        done = run(partial(progress, "compiling"))
    if to is not None:
        share()
    ready = f"{done.kernels} kernels ready in {done.seconds:.1f} s: {done.compiled} compiled, {done.loaded} loaded"
    say(f"{ready}\ncache: {visible(done.directory or 'none')}", asdict(done))
    if done.problem is not None:
        complain(f"the cache could not be used: {done.problem}")
        sys.exit(1)


if __name__ == "__main__":
    main()
