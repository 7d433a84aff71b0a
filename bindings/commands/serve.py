"""``gauger serve`` and ``gauger policy``."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from gauger.commands.group import Group, say
from gauger.commands.options import HerePath

_PATH, _FOLDER = HerePath(path_type=Path), HerePath(path_type=Path, file_okay=False)
_DOORS = ("otlp", "envoy", "account_header", "policy", "kafka", "kafka_setting", "columns")
_timing = partial(click.option, show_default=True)


@click.command("serve")
@click.option("--spool", required=True, type=_FOLDER, help="Where hosts leave recorded calls.")
@click.option("--state", required=True, type=_FOLDER, help="State directory: the key, reference days, numbers.")
@click.option("--out", required=True, type=_FOLDER, help="Directory for the findings, a folder a day.")
@click.option("--publish", type=_PATH, metavar="FILE", help="Verdicts for hosts to ask (default: OUT/verdicts).")
@_timing("--every", default=15.0, type=click.FloatRange(0.1, 1440), help="Minutes between two weighings.")
@_timing("--lateness", default=60.0, type=click.FloatRange(0, 1440), help="Minutes a day stays open after it ended.")
@_timing("--keep-days", default=2, type=click.IntRange(0), help="Days that files of a closed day stay.")
@click.option("--signature", multiple=True, type=_PATH, help="What another provider found; repeatable.")
@click.option("--memory", metavar="SIZE", help="Memory of a weighing, as 8G (default: half of what is free).")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads of a weighing (default: all cores).")
@click.option("--listen", metavar="HOST:PORT", help="Where /metrics and /healthz are (default: nowhere).")
@click.option("--otlp", metavar="HOST:PORT", help="Take GenAI spans and events over OTLP/HTTP.")
@click.option("--envoy", metavar="HOST:PORT", help="Answer Envoy's external authorization over HTTP.")
@click.option("--account-header", default="x-gauger-account", show_default=True, help="Where Envoy names the account.")
@click.option("--policy", type=_PATH, metavar="TOML", help="What to answer Envoy (default: always go on).")
@click.option("--kafka", multiple=True, metavar="TOPIC", help="Take records of a topic, by --columns.")
@click.option("--kafka-setting", multiple=True, metavar="NAME=VALUE", help="Of librdkafka, as bootstrap.servers=...")
@click.option("--columns", metavar="MAP", help="Column map of the records of --kafka.")
@click.option("--token-file", type=_PATH, help="Bearer token that listeners ask for; needed beyond this machine.")
def serve_command(
    spool: Path,
    state: Path,
    out: Path,
    publish: Path | None,
    listen: str | None,
    token_file: Path | None,
    **options: Any,
) -> None:
    """Take in what hosts record, weigh the day every few minutes, and publish what is found.

    \b
    Example:
      gauger serve --spool /var/spool/gauger --state state --out findings --listen 127.0.0.1:9464
    """
    from gauger.serve.command import Doors, serve
    from gauger.serve.service import Plan

    given = [(f"--{name}", options[name]) for name in ("memory", "workers") if options[name] is not None]
    given += [("--signature", one) for one in options["signature"]]
    plan = Plan(
        spool=spool,
        state=state,
        out=out,
        publish=publish or out / "verdicts",
        every_seconds=60 * options["every"],
        lateness_seconds=60 * options["lateness"],
        days_kept=options["keep_days"],
        options=tuple(str(word) for pair in given for word in pair),
    )
    serve(plan, Doors(listen=listen, token_file=token_file, **{name: options[name] for name in _DOORS}))


@click.group("policy", cls=Group)
def policy_commands() -> None:
    """What to do with calls, by what is known of their senders.

    \b
    Example:
      gauger policy replay findings/2026-03-16 --policy policy.toml
    """


@policy_commands.command("replay")
@click.argument("outs", nargs=-1, required=True, type=_FOLDER, metavar="OUT...")
@click.option("--policy", required=True, type=_PATH, metavar="TOML", help="The policy file.")
@click.option("--truth", type=_PATH, help="Table of account_id and campaign, where it is known who is who.")
def replay_command(outs: tuple[Path, ...], policy: Path, truth: Path | None) -> None:
    """Show what a policy would have done on scored days: calls leaked against honest accounts touched.

    \b
    Example, of days in order:
      gauger policy replay findings/2026-03-15 findings/2026-03-16 --policy policy.toml
    """
    from gauger.host.policy import read_rules
    from gauger.serve.replay import replay, to_text

    found = replay(outs, read_rules(policy), truth)
    say(to_text(found, is_truth=truth is not None), {"days": [day.told() for day in found]})
