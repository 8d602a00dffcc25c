"""summary.html: a batch on one self-contained page, the worst row first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import RegSuite.report
from RegSuite.backend.batch.summary import Entry, Summary, worst_first
from RegSuite.io.atomic import replacing
from RegSuite.report.headline import counted, duration, number

if TYPE_CHECKING:
    from jinja2 import Template

PAGE_FILE = "summary.html"
_TEMPLATES = Path(__file__).parent / "templates"
_REPORT_TEMPLATES = Path(RegSuite.report.__file__).parent / "templates"

_COLUMNS = {
    "dice_mean": ("Mean Dice", "1 is full overlap of the labels"),
    "tre_mean_mm": ("TRE in mm", "mean distance of the landmarks after registration"),
    "hd95_worst_mm": ("HD95 in mm", "of the worst structure"),
    "percent_nonpositive": ("Folds in %", "voxels whose Jacobian is 0 or less"),
    "similarity_after": ("Similarity", "before and after registration"),
    "seconds": ("Time", "of the whole run"),
}


@dataclass(frozen=True)
class Shown:
    """A row as the page shows it; parts: its name, cut where a line may break."""

    entry: Entry
    verdict: str
    tone: str
    cells: tuple[str, ...]
    parts: list[str]
    link: str | None


def write_page(summary: Summary, folder: Path) -> Path:
    """Write summary.html into `folder`; links lead to the rows' reports in it."""
    path = folder / PAGE_FILE
    with replacing(path) as temporary:
        temporary.write_text(page(summary), encoding="utf-8")
    return path


def page(summary: Summary) -> str:
    """The page as text."""
    taken = {name for entry in summary.rows for name in entry.measures if entry.status == "completed"}
    columns = [name for name in _COLUMNS if name in taken]
    rows = [_shown(entry, columns) for entry in worst_first(summary.rows)]
    counts = summary.counts
    done, of = counts.get("completed", 0), len(summary.rows)
    outside = sum(entry.tone == "fail" for entry in summary.rows if entry.status == "completed")
    lost = of - done
    return _template().render(
        summary=summary,
        columns=[_COLUMNS[name] for name in columns],
        rows=rows,
        middle=[_spread(summary, name) for name in columns],
        tone="fail" if lost or outside else _least_sure(summary),
        title=f"{done} of {counted(of, 'row')} completed"
        + (f", {outside} outside the limits" if outside else ""),
        sentence=_sentence(counts),
        took=duration(summary.seconds),
    )


def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([_TEMPLATES, _REPORT_TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("summary.html.j2")


def _shown(entry: Entry, columns: list[str]) -> Shown:
    completed = entry.status == "completed"
    report = entry.report or "result.json"
    return Shown(
        entry=entry,
        verdict=entry.verdict or "" if completed else entry.status.capitalize(),
        tone=entry.tone or "unsure" if completed else "no" if entry.status == "not run" else "fail",
        cells=tuple(_text(entry, name) for name in columns),
        parts=re.split(r"(?<=[_.-])", entry.name),
        link=None if entry.folder is None else quote(f"{entry.folder}/{report}"),
    )


def _text(entry: Entry, name: str) -> str:
    value = entry.measures.get(name) if entry.status == "completed" else None
    if value is None:
        return "–"
    if name == "similarity_after":
        before = number(entry.measures.get("similarity_before"))
        return f"{(entry.similarity or '').upper()} {before} → {number(value)}"
    return duration(value) if name == "seconds" else number(value)


def _spread(summary: Summary, name: str) -> tuple[str, str]:
    """Median, and smallest to largest; nothing of measures that cannot be compared."""
    say = duration if name == "seconds" else number
    found = summary.statistics.get(name)
    if found is None:
        return "", ""
    few = f", {found['n']:.0f} rows" if found["n"] < summary.counts.get("completed", 0) else ""
    return say(found["median"]), f"{say(found['min'])} to {say(found['max'])}{few}"


def _sentence(counts: dict[str, int]) -> str:
    words = [f"{n} {state}" for state, n in counts.items() if state != "completed"]
    lost = f"{', '.join(words)}. " if words else ""
    return lost + "The worst row stands first; a measure that was not taken is shown as –."


def _least_sure(summary: Summary) -> str:
    return "pass" if all(entry.tone == "pass" for entry in summary.rows) else "unsure"
