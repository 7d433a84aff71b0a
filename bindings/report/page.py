"""The page: overview and findings rendered through the Jinja template, all else packed for its script."""

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow.compute as pc
from markupsafe import Markup

from gauger.batch.outputs import atomic
from gauger.engine.common.errors import GaugerError
from gauger.report import drift, figures, findings, members, packing, summary
from gauger.report.details import details, median
from gauger.results.run import Run, read_run
from gauger.text import families, formats, words

REPORT = "report.html"
SCRIPTS = ("elements.js", "charts.js", "tables.js", "finding.js", "report.js")  # one block, in this order
_FINDINGS_IN_FULL = 1_000
_FAMILIES_IN_TABLE = 25
_INPUTS_SHOWN = 100
_WARNINGS_SHOWN = 20
_BACKGROUND_POINTS = 1_200
_DATA_BYTES_MOST = 14_000_000


@dataclass(frozen=True)
class Plot:
    """A figure: inline SVG, a heading, and a caption that carries the figure's message in words."""

    svg: Markup
    heading: str
    caption: str


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
    """Return the page of ``run``.

    Raises:
        GaugerError: a table of calls cannot be read.
    """
    rows = findings.ranked(run)
    listed = members.members_of(run, [row["campaign_id"] for row in rows])
    first, last = listed.bounds[None]
    reasons, more_reasons = summary.quarantine_reasons(run)
    inputs, warnings = summary.inputs(run), summary.warnings(run)
    script, css = _script(), _resource("report.css")
    return (
        _environment()
        .get_template("report.html")
        .render(
            policy=policy(script, css),
            script=Markup(script),
            css=Markup(css),
            window=summary.window(run),
            verdict=summary.verdict(run),
            warnings=warnings[:_WARNINGS_SHOWN],
            warnings_count=len(warnings),
            headlines=summary.headlines(run),
            happened=summary.happened(run),
            certainty=summary.certainty(run, rows),
            advice=summary.advice(run, rows, last - first),
            comparison=summary.comparison(run),
            drift=drift.sentences(run.manifest.get("drift")),
            missing=summary.missing_evidence(run),
            rows=rows,
            loose_count=last - first,
            told=min(len(rows), _FINDINGS_IN_FULL),
            data=_data(run, rows, listed),
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
    )


def policy(script: str, css: str) -> str:
    """Return the page's content security policy: this script, this style sheet, and nothing else from anywhere."""
    allowed = f"script-src {_hash(script)}; style-src {_hash(css)}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return resources.files("gauger.report").joinpath(name).read_text("utf-8")


def _script() -> str:
    return '"use strict";\n' + "".join(map(_resource, SCRIPTS))


def _data(run: Run, rows: list[dict[str, Any]], listed: members.Members) -> dict[str, str]:
    """The blocks of data by element id."""
    told, parts = details(run, rows[:_FINDINGS_IN_FULL], listed)
    accounts, room = members.listing(listed, parts)
    packed_accounts = packing.packed(accounts)
    left = _DATA_BYTES_MOST - len(packed_accounts) - len(packing.packed(told))
    chunks, covered = members.chunks(run, listed, room, left)
    unlisted = pc.is_null(run.accounts["campaign_id"])
    others = run.accounts.filter(pc.and_kleene(unlisted, pc.invert(pc.fill_null(run.accounts["flagged"], False))))
    core = {
        "findings": told,
        "loose": listed.bounds[None],
        "accounts_of_all": listed.table.num_rows,
        "covered": covered,
        "chunk": members.CHUNK,
        "alarm": _alarm(run),
        "statistics": [
            [words.statistic(name), packing.significant(np.array([median(members.floats(others[name]))]))[0]]
            for name in run.statistics
        ],
        "words": {name: words.statistic(name) for name in sorted({*run.statistics, *words.STATISTICS})},
        "background": _background(run),
    }
    blocks = {"data-core": packing.packed(core), "data-accounts": packed_accounts}
    return blocks | {f"data-{number}": text for number, text in enumerate(chunks)}


def _background(run: Run) -> list[list[float]]:
    """Places on the map of some accounts, evenly picked, to see a finding's accounts before."""
    x, y = members.floats(run.accounts["map_x"]), members.floats(run.accounts["map_y"])
    placed = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    picked = placed[:: max(1, -(-len(placed) // _BACKGROUND_POINTS))]
    return [packing.significant(values[picked]).tolist() for values in (x, y)]


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_resource),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        sure=words.sure,
        cell=formats.cell,
        count=formats.count,
        evidence=formats.evidence,
        family_kind=words.family_kind,
        mebibytes=formats.mebibytes,
        percent=formats.percent,
        plural=formats.plural,
        says=families.sentences,
        value=formats.value,
        when=formats.when,
    )
    environment.globals.update(terms=words.TERMS)
    return environment


def _shown(value: Any) -> Any:
    """Make every expression of the template safe to read: no invisible characters, no bare None."""
    if value is None:
        return formats.NOT_AVAILABLE
    return formats.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


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
        f"{sum(calls):,} calls over {formats.plural(len(calls), 'hour')} from {formats.when(start)} UTC. "
        f"Red: {sum(flagged):,} ({share}) by flagged accounts."
    )
    return Plot(Markup(figures.volume(start, calls, flagged)), "Calls over time", caption)


def _evidence_plot(run: Run) -> Plot | None:
    scores = members.floats(run.accounts["evidence"])
    known = np.isfinite(scores)
    if not known.any():
        return None
    flagged = np.asarray(pc.fill_null(run.accounts["flagged"], False))
    caption = (
        f"{known.sum():,} accounts by evidence, on a log scale; {flagged.sum():,} are flagged (red). "
        "Honest accounts thin out tenfold with each step to the right."
    )
    if not known.all():
        caption += f" {(~known).sum():,} accounts without evidence are not shown."
    svg = figures.evidence(scores[known], flagged[known], _alarm(run))
    return Plot(Markup(svg), "Evidence of accounts", caption)


def _map_plot(run: Run, rows: list[dict[str, Any]]) -> Plot | None:
    x, y = members.floats(run.accounts["map_x"]), members.floats(run.accounts["map_y"])
    placed = np.isfinite(x) & np.isfinite(y)
    if not placed.any():
        return None
    campaigns = [row["campaign_id"] for row in rows if row["assessment"] == "campaign"]
    finding = members.floats(run.accounts["campaign_id"])
    kind = np.where(np.isin(finding, campaigns), 1, np.where(np.isfinite(finding), 2, 0))
    caption = (
        "Accounts that ask alike lie close together. Red: in a campaign; blue: in another finding. Only two directions "
        f"of many are drawn. {figures.points_shown(int(placed.sum())):,} of {placed.sum():,} accounts are shown."
    )
    svg = figures.neighbourhood(x[placed], y[placed], kind[placed])
    return Plot(Markup(svg), "Map of accounts", caption)
