"""The tables of docs/benchmarks.md, made of rows.jsonl alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from Testing.benchmarks.rows import Row, Rows

BEGIN, END = "<!-- benchmark tables: begin -->", "<!-- benchmark tables: end -->"

_COLUMNS = (
    ("method", "---"),
    ("seconds (n)", "---:"),
    ("CPU s", "---:"),
    ("peak MB (before)", "---:"),
    ("error mm mean / p95 / max", "---:"),
    ("Dice", "---:"),
    ("LNCC after", "---:"),
    ("MI after", "---:"),
    ("% J<=0", "---:"),
    ("inverse residual mm mean / max", "---:"),
    ("inverse consistency mm mean / max", "---:"),
)

NOTES = """\
Seconds: the registration call alone, median of n runs, each in a process of its own with 2 threads
(RegSuite after a call on a small pair, so with compiled kernels; the row of the whole command has
program start, reading, affine start, quality, report and writing in it). Peak MB: the whole process,
libraries included; in brackets before the call. Error: against the exact field, over the brain. Dice:
mean over the structures that both label maps hold, moving labels by nearest neighbour. LNCC: mean
squared local correlation, 5^3 voxels, over the fixed brain. Inverse residual: the map with its method's
own inverse. Inverse consistency: with an independent run, fixed and moving swapped. All scored by one
program from the dense field. Every method starts from the same affine (ANTs, computed once per pair and
not counted; the known field starts from the identity). Rows marked * ran beside other work: compare
their CPU seconds.
"""


def write_tables(rows: Rows, docs: Path | None) -> str:
    """The tables as Markdown; put between the markers of `docs` where it is given."""
    text = tables(list(rows))
    if docs is not None:
        old = docs.read_text()
        head, _, rest = old.partition(BEGIN)
        _, _, tail = rest.partition(END)
        docs.write_text(f"{head}{BEGIN}\n\n{text}\n{END}{tail}")
    return text


def tables(rows: list[Row]) -> str:
    """A table for each pair, the versions and the machine."""
    finished = [row for row in rows if "failed" not in row and "skipped" not in row]
    runs = [row for row in finished if row.get("kind") in ("known-field", "labelled", "unlabelled")]
    consistency = {
        (row["method"].partition("/")[0], row["pair"], row["version"]): row["inverse_consistency_mm"]
        for row in finished
        if row["method"].endswith("/consistency")
    }
    parts = []
    for pair in dict.fromkeys(row["pair"] for row in runs):
        of_pair = [row for row in runs if row["pair"] == pair]
        parts.append(_pair_table(pair, of_pair, consistency))
    parts.extend(_extra(row) for row in _latest(row for row in rows if row["pair"] == "-"))
    parts.append(_failures(rows))
    parts.append(_origin(runs))
    return "\n\n".join(part for part in parts if part) + "\n"


def _pair_table(pair: str, rows: list[Row], consistency: dict[tuple[str, str, str], Row]) -> str:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["method"]].append(row)
    lines = []
    for method, runs in groups.items():
        version = runs[-1]["version"]  # the newest version speaks
        same = [run for run in runs if run["version"] == version]
        lines.append(_line(method, same, consistency.get((method, pair, version))))
    lines.sort(key=lambda line: (not line.startswith("| regsuite"), line))
    kind = rows[0]["kind"]
    head = (
        "| "
        + " | ".join(name for name, _ in _COLUMNS)
        + " |\n|"
        + "|".join(rule for _, rule in _COLUMNS)
        + "|"
    )
    fixed, _, moving = pair.partition("_")
    title = "known field" if kind == "known-field" else f"fixed {fixed}, moving {moving}"
    return f"### {title} ({kind})\n\n{head}\n" + "\n".join(lines)


def _line(method: str, runs: list[Row], consistency: Row | None) -> str:
    first = runs[0]

    def middle(key: str) -> float:
        return median(run[key] for run in runs)

    crowded = "*" if middle("cpu_s") < 0.75 * middle("wall_s") else ""
    cells = [
        method,
        f"{middle('wall_s'):.2f}{crowded} ({len(runs)})",
        f"{middle('cpu_s'):.2f}",
        f"{middle('peak_mb'):.0f} ({middle('base_mb'):.0f})",
        _triple(first.get("error_mm"), ("mean", "p95", "max"), 3),
        _number(first.get("dice_mean"), 4),
        _number(first.get("lncc"), 4),
        _number(first.get("mi"), 3),
        _number(first.get("percent_nonpositive"), 4),
        _triple(first.get("inverse_residual_mm"), ("mean", "max"), 3),
        _triple(consistency, ("mean", "max"), 2),
    ]
    return "| " + " | ".join(cells) + " |"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _triple(values: dict[str, float] | None, keys: tuple[str, ...], digits: int) -> str:
    return "" if values is None else " / ".join(f"{values[key]:.{digits}f}" for key in keys)


def _latest(rows: Iterable[Row]) -> list[Row]:
    """The last row of each method."""
    return list({row["method"]: row for row in rows}.values())


def _extra(row: Row) -> str:
    """Scaling, rigid start, GPU: what the module itself says."""
    text = row.get("text") or f"skipped: {row.get('skipped') or row.get('failed')}"
    return f"### {row['method']}\n\n{text}"


def _failures(rows: list[Row]) -> str:
    """Runs that never finished, with the reason."""
    good = {(row["method"], row["pair"], row["version"]) for row in rows if "failed" not in row}
    bad = [
        r
        for r in rows
        if "failed" in r and (r["method"], r["pair"], r["version"]) not in good and r["pair"] != "-"
    ]
    lines = dict.fromkeys(f"- {row['method']} on {row['pair']}: {row['failed']}" for row in bad)
    return "Not finished:\n\n" + "\n".join(lines) if lines else ""


def _origin(runs: list[Row]) -> str:
    """Versions, parameters, dates and machines."""
    if not runs:
        return "No rows yet."
    newest: dict[str, Any] = {row["method"]: row for row in runs}
    lines = [f"- {m}: {r['version']}; {r['parameters']}" for m, r in sorted(newest.items())]
    dates = sorted(row["date"][:10] for row in runs)
    machines = ", ".join(dict.fromkeys(row["machine"] for row in runs))
    return f"{NOTES}\n\nMachine: {machines}. Dates: {dates[0]} to {dates[-1]}. Versions:\n\n" + "\n".join(
        lines
    )
