"""What became of a batch: summary.json (schema regsuite.batch/1) and summary.csv."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from RegSuite.io.atomic import replacing
from RegSuite.quality.definitions import measured
from RegSuite.report.headline import headline
from RegSuite.report.result import Reason, plain

if TYPE_CHECKING:
    from RegSuite.backend.batch.manifest import Row
    from RegSuite.report.result import Result

SUMMARY_FILE = "summary.json"
SCHEMA = "regsuite.batch/1"

Status = Literal["completed", "failed", "crashed", "cancelled", "not run"]

MEASURES = {
    "dice_mean": "dice_mean",
    "tre_mean_mm": "tre_mm.mean",
    "percent_nonpositive": "jacobian.percent_nonpositive",
    "similarity_before": "similarity.before",
    "similarity_after": "similarity.after",
}
"""Column -> measure of result.json."""

NUMBERS = (*MEASURES, "hd95_worst_mm", "seconds")
"""Columns that have a median and a range."""

_COLUMNS = (
    "name", "status", "verdict", "dice_mean", "tre_mean_mm", "hd95_worst_mm", "percent_nonpositive",
    "similarity", "similarity_before", "similarity_after", "warnings", "seconds", "workflow", "method",
    "folder", "reason", "mend", "line",
)  # fmt: skip


class Entry(BaseModel):
    """One row of a batch, and what became of it. A measure that was not taken is absent.

    tone, verdict: the report's headline. folder: relative to the batch's. request: what was asked,
    and sha256 of each file by role: a batch that is resumed compares both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    line: int
    workflow: str
    status: Status = "not run"
    method: str | None = None
    tone: Literal["pass", "fail", "unsure"] | None = None
    verdict: str | None = None
    measures: dict[str, float] = Field(default_factory=dict)
    similarity: str | None = None
    warnings: int = 0
    folder: str | None = None
    report: str | None = None
    reason: Reason | None = None
    request: dict[str, Any] = Field(default_factory=dict)
    sha256: dict[str, str] = Field(default_factory=dict)


class Summary(BaseModel):
    """A batch: its rows in the manifest's order, how many ended how, median and range of each measure."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["regsuite.batch/1"] = Field(default="regsuite.batch/1", alias="schema")
    manifest: str
    workers: int
    seconds: float
    versions: dict[str, str]
    counts: dict[str, int]
    statistics: dict[str, dict[str, float]]
    rows: list[Entry]

    def to_json(self, indent: int | None = None) -> str:
        """The text of summary.json."""
        return json.dumps(
            plain(self.model_dump(mode="json", by_alias=True)), indent=indent, ensure_ascii=False
        )

    def write(self, folder: Path) -> None:
        """Write summary.json and summary.csv into `folder`, each whole or not at all."""
        for name, text in ((SUMMARY_FILE, self.to_json(indent=2) + "\n"), ("summary.csv", _csv(self.rows))):
            with replacing(folder / name) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="")


def read_entries(folder: Path) -> dict[str, Entry]:
    """The rows, by name, of the summary in `folder`; none where there is none that can be read."""
    try:
        content = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
        return {entry.name: entry for entry in Summary.model_validate(content).rows}
    except (OSError, ValueError, ValidationError):  # another schema's: every row is run anew
        return {}


def entry_of(row: Row, **more: Any) -> Entry:
    """An entry with what the manifest says of it."""
    request = {"inputs": dict(row.inputs), "parameters": _that_decide(row.parameters)}
    return Entry(name=row.name, line=row.line, workflow=row.workflow, request=plain(request), **more)


def found_in(result: Result) -> dict[str, Any]:
    """Fields of an entry from the row's result."""
    taken = {name: measured(result.metrics, path) for name, path in MEASURES.items()}
    worst = measured(result.metrics, "hd95_mm")
    if isinstance(worst, Mapping) and worst:
        taken["hd95_worst_mm"] = max(worst.values())
    said = headline(result)
    return {
        "method": result.method,
        "tone": said.tone,
        "verdict": said.title,
        "measures": plain({**taken, "seconds": result.total_seconds}),
        "similarity": (result.metrics.get("similarity") or {}).get("name"),
        "warnings": len(result.warnings),
        "report": result.files.get("report"),
        "reason": result.reason,
    }


def statistics(rows: Iterable[Entry]) -> dict[str, dict[str, float]]:
    """Median, smallest and largest of each measure over the rows that were completed, and how many had it.

    Similarities are left out where rows were measured with different ones.
    """
    done = [entry for entry in rows if entry.status == "completed"]
    mixed = len({entry.similarity for entry in done if entry.similarity}) > 1
    out = {}
    for name in NUMBERS:
        values = [entry.measures[name] for entry in done if name in entry.measures]
        if mixed and name.startswith("similarity"):
            continue
        if values:
            out[name] = {"median": median(values), "min": min(values), "max": max(values), "n": len(values)}
    return out


def worst_first(rows: Iterable[Entry]) -> list[Entry]:
    """Rows without a result first, then by verdict, Dice, TRE, folds and name."""
    tones = {"fail": 0, "unsure": 1, "pass": 2, None: 0}

    def key(entry: Entry) -> tuple[Any, ...]:
        measures = entry.measures
        return (
            entry.status == "completed",
            entry.status not in ("failed", "crashed"),
            tones[entry.tone],
            measures.get("dice_mean", 2.0),
            -measures.get("tre_mean_mm", -1.0),
            -measures.get("percent_nonpositive", -1.0),
            entry.name,
        )

    return sorted(rows, key=key)


def _that_decide(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that decide the result: the machine's share does not."""
    return {key: value for key, value in parameters.items() if key not in ("device", "threads")}


def _csv(rows: list[Entry]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in rows:
        values = {**entry.model_dump(), **entry.measures}
        values["reason"] = entry.reason.what if entry.reason else None
        values["mend"] = entry.reason.mend if entry.reason else None
        writer.writerow({name: values.get(name) for name in _COLUMNS})
    return out.getvalue()
