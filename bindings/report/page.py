"""The page: figures and tables rendered through the Jinja template, written in one stroke."""

import datetime as dt
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup, escape

from gauger.batch.outputs import atomic
from gauger.engine.common.errors import GaugerError
from gauger.report import findings, plots, sparkline, summary
from gauger.results.run import Run, read_run
from gauger.text import families, formats, words

REPORT = "report.html"
_FINDINGS_IN_FULL = 500
_FAMILIES_IN_TABLE = 25
_INPUTS_SHOWN = 100
_WARNINGS_SHOWN = 20


@dataclass(frozen=True)
class Plot:
    """A figure: inline SVG, a heading, and a caption that carries the figure's message in words."""

    svg: Markup
    heading: str
    caption: str
    kind: str


def write(out: Path) -> Path:
    """Render the run in ``out`` and write ``out/report.html``.

    Raises:
        GaugerError: ``out`` holds no finished run, or the page cannot be written.
    """
    html = render(read_run(out))
    path = out / REPORT
    try:
        with atomic(path) as temporary:
            temporary.write_bytes(html.encode())
    except OSError as error:
        raise GaugerError(f"{path} cannot be written ({error.strerror}): free space or change permissions") from None
    return path


def render(run: Run) -> str:
    """Return the page of ``run``."""
    rows = findings.ranked(run)
    reasons, more_reasons = summary.quarantine_reasons(run)
    loose, loose_count = findings.loose_accounts(run)
    inputs, warnings = summary.inputs(run), summary.warnings(run)
    template = _environment().get_template("report.html")
    script = resources.files("gauger.report").joinpath("report.js").read_text("utf-8")
    return template.render(
        accounts=Markup(findings.accounts_as_json(run)),
        script=Markup(script),
        script_hash=Markup(f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"),
        window=summary.window(run),
        verdict=summary.verdict(run),
        warnings=warnings[:_WARNINGS_SHOWN],
        warnings_count=len(warnings),
        headlines=summary.headlines(run),
        comparison=summary.comparison(run),
        chance=summary.chance(run) if run.accounts.num_rows else "",
        drift=summary.drift(run),
        missing=summary.missing_evidence(run),
        rows=rows,
        details=findings.detail(run, rows[:_FINDINGS_IN_FULL]),
        loose=loose,
        loose_count=loose_count,
        plots=_plots(run, rows),
        families=findings.top_families(run, _FAMILIES_IN_TABLE),
        families_count=run.families.num_rows,
        statistics=summary.statistics(run) if run.accounts.num_rows else [],
        reasons=reasons,
        more_reasons=more_reasons,
        inputs=inputs[:_INPUTS_SHOWN],
        inputs_count=len(inputs),
        footer=summary.footer(run),
    )


def _environment() -> jinja2.Environment:
    package = resources.files("gauger.report")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: package.joinpath(name).read_text("utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        history=words.history,
        assessment=words.assessment,
        probability=words.probability,
        sure=words.sure,
        fact=words.fact,
        cell=formats.cell,
        count=formats.count,
        evidence=formats.evidence,
        evidence_odds=formats.evidence_odds,
        family_kind=words.family_kind,
        mebibytes=formats.mebibytes,
        percent=formats.percent,
        plural=formats.plural,
        says=families.sentences,
        statistic=words.statistic,
        tail_odds=formats.tail_odds,
        timeline=_timeline,
        value=formats.value,
        when=formats.when,
    )
    environment.globals.update(terms=words.TERMS, css=Markup(package.joinpath("report.css").read_text("utf-8")))
    return environment


def _shown(value: Any) -> Any:
    """Make every expression of the template safe to read: no invisible characters, no bare None."""
    if value is None:
        return formats.NOT_AVAILABLE
    return formats.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _timeline(row: dict[str, Any]) -> Markup:
    """Return the sparkline of a row of ``campaigns.parquet`` or ``families.parquet``."""
    counts = row["hourly_calls"] or []
    span = formats.plural(len(counts), "hour")
    label = f"Calls per hour over {span}, at most {formats.count(max(counts, default=0))}"
    return Markup(sparkline.sparkline(counts, escape(label)))


def _alarm(run: Run) -> float:
    return float(-np.log10(run.alarm_level))


def _plots(run: Run, rows: list[dict[str, Any]]) -> list[Plot]:
    made = [_volume_plot(run), _evidence_plot(run), _map_plot(run, rows)]
    return [plot for plot in made if plot is not None]


def _volume_plot(run: Run) -> Plot | None:
    hourly = run.manifest.get("hourly_calls")
    if not isinstance(hourly, dict) or not hourly.get("calls"):
        return None
    try:
        start = dt.datetime.fromisoformat(str(hourly.get("start")))
        calls = [int(count) for count in hourly["calls"]]
        flagged = [int(count) for count in hourly.get("flagged_calls") or []]
    except (TypeError, ValueError):
        return None
    flagged = (flagged + [0] * len(calls))[: len(calls)]
    share = formats.percent(sum(flagged) / max(1, sum(calls)))
    caption = (
        f"{sum(calls):,} calls over {formats.plural(len(calls), 'hour')} from {formats.when(start)} UTC; "
        f"{sum(flagged):,} of them ({share}) by flagged accounts."
    )
    return Plot(Markup(plots.volume(start, calls, flagged)), "Volume over time", caption, "wide")


def _evidence_plot(run: Run) -> Plot | None:
    scores = _floats(run.accounts["evidence"])
    known = np.isfinite(scores)
    if not known.any():
        return None
    flagged = np.asarray(pc.fill_null(run.accounts["flagged"], False))
    caption = (
        f"{known.sum():,} accounts by evidence. {flagged.sum():,} are flagged; the median is "
        f"{np.median(scores[known]):.2f}. Honest accounts thin out tenfold with each step to the right."
    )
    if not known.all():
        caption += f" {(~known).sum():,} accounts without evidence are not shown."
    svg = plots.evidence(scores[known], flagged[known], _alarm(run))
    return Plot(Markup(svg), "Evidence of accounts", caption, "wide")


def _map_plot(run: Run, rows: list[dict[str, Any]]) -> Plot | None:
    x, y = _floats(run.accounts["map_x"]), _floats(run.accounts["map_y"])
    placed = np.isfinite(x) & np.isfinite(y)
    if not placed.any():
        return None
    campaign = np.asarray(pc.fill_null(run.accounts["campaign_id"], -1)).astype(np.int64)
    named = [row["campaign_id"] for row in rows]
    shown = f"{plots.points_shown(int(placed.sum())):,} of {placed.sum():,} accounts are shown"
    caption = (
        "Accounts that ask alike lie close together. Only the two strongest directions of many are drawn: "
        f"what overlaps here may lie apart. {shown}; those in no finding are grey."
    )
    svg = plots.neighbourhood(x[placed], y[placed], campaign[placed], named)
    return Plot(Markup(svg), "Neighbourhood of accounts", caption, "tall")


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(column, float("nan")), np.float64)
