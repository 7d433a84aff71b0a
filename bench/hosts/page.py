"""The figures of docs/guide/serving.md from what was measured."""

from typing import Any

from bench.pages import history
from bench.pages.markdown import percent, table

FILE = history.RESULTS / "hosts.jsonl"
PARTS = ("latency", "request", "loop", "steady", "fuzz", "weigh", "day", "arrival")


def figures() -> dict[str, str]:
    """Every figure of the page that was measured."""
    row = history.newest(FILE, PARTS)
    found = {"costs": f"{_costs(row)}\n\n{history.runs(row)}"}
    return found | ({"arrival": _arrival(row["arrival"])} if "arrival" in row else {})


def _costs(row: dict[str, Any]) -> str:
    lines = []
    if "latency" in row:
        one = row["latency"]
        lines.append([f"verdict, {one['accounts']:,} accounts published", _quantiles(one["verdict_us"])])
        lines.append(["verdict on a new account, by its address", _quantiles(one["verdict_new_us"])])
        lines.append(["`record`, on the request's thread", _quantiles(one["record_us"])])
    if "request" in row:
        lines += _requests(row["request"])
    if "loop" in row:
        one = row["loop"]
        late, bare = one["late_ms"]["gauger"], one["late_ms"]["bare"]
        traffic = f"{one['minutes']:g} minutes of {one['requests_per_second']:g} requests/s"
        said = f"{late['median_worst']:.1f} ms (bare {bare['median_worst']:.1f})"
        lines.append([f"event loop late, worst of ten seconds, {traffic}, {one['swaps']} new verdicts: median", said])
        lines.append(["and largest", f"{late['max']:.0f} ms (bare {bare['max']:.0f})"])
    if "steady" in row:
        one = row["steady"]
        lines.append([f"{one['calls']:,} calls as fast as they go", f"{one['calls_per_second']:,} calls/s"])
        spent = f"{one['host_cpu_us']:.0f} us, {one['measuring_cpu_us']:.0f} us"
        lines.append(["a call of these: host, measuring process", spent])
        for name, key in (("the host", "host_mib"), ("the measuring process", "measuring_mib")):
            values = one[key]
            said = f"{values[0]:.0f}, {max(values):.0f}, {values[-1]:.0f} MiB"
            lines.append([f"memory of {name} by then: first, most, last", said])
    if "fuzz" in row:
        one = row["fuzz"]
        said = f"{one['escaped']} raised, {one['lost']} lost, {one['unbalanced']} miscounts"
        lines.append([f"{one['calls']:,} calls with hostile values", said])
    if "weigh" in row:
        one = row["weigh"]
        for kind in ("log", "spool"):
            run = one[kind]
            said = f"{run['seconds']:.0f} s, {run['cpu_seconds']:.0f} s CPU, {run['peak_gib']:.1f} GiB"
            lines.append([f"a day of {run['scored']:,} calls scored, from its {kind}", said])
        lines.append(["the spool", f"{one['spool_bytes_a_call']:,} bytes a call"])
    if "day" in row:
        one, cost = row["day"], row["day"]["cost"]
        minutes, of_cpu = round(cost["seconds"] / 60), round(cost["cpu_seconds"] / 60)
        said = f"{minutes} minutes, {of_cpu} of CPU, {cost['peak_bytes'] / 2**30:.1f} GiB"
        lines.append([f"a day of {one['scored']:,} calls scored out of a spool, with a reference", said])
        lines.append(
            [
                "measuring it, and its spool",
                f"{one['measuring_cpu_us']:.0f} us, {one['spool_bytes_a_call']:,} bytes a call",
            ]
        )
    return table(["what", "costs"], lines)


def _requests(one: dict[str, Any]) -> list[list[str]]:
    cpu, late = one["cpu_us"], one["late_ms"]
    worker, whole = percent(one["over_bare_in_the_worker"]), percent(one["over_bare"])
    return [
        ["CPU of a request to a bare FastAPI server", f"{cpu['bare']:.0f} us"],
        ["with recorder, verdict and policy: the worker", f"{cpu['gauger']:.0f} us (+{worker} %)"],
        ["and the process that measures", f"{cpu['measuring']:.0f} us (+{whole} % in all)"],
        [
            "event loop late at most, net of waiting for a core",
            f"{late['gauger']['max']:.1f} ms (bare {late['bare']['max']:.1f})",
        ],
    ]


def _quantiles(found: dict[str, float]) -> str:
    return f"{found['p50']:.1f} us (99 %: {found['p99']:.1f}, 99.9 %: {found['p99.9']:.1f})"


def _arrival(found: dict[str, Any]) -> str:
    rows = []
    for who, one in found["campaigns"].items():
        shares = [one[tier] for tier in ("member", "link", "family")]
        rows.append([who, f"{one['calls']:,}", *map(percent, shares), percent(sum(shares))])
    head = ["campaign", "calls", "by account, %", "by address, %", "by family, %", "named, %"]
    said = (
        f"Weighed every {found['minutes']:g} minutes: {percent(found['named'])} % of campaign calls are named on "
        f"arrival. {found['honest_named']} of {found['honest_accounts']:,} honest accounts are named some time in the "
        f"day, {found['people_named']} of {found['people']:,} people among them."
    )
    return f"{table(head, rows)}\n\n{said}"
