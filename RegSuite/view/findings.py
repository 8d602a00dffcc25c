"""What stands beside the views: the report's headline, numbers, verdicts and warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from RegSuite.report.headline import headline
from RegSuite.report.result import Result
from RegSuite.report.table import metric_rows
from RegSuite.report.tiles import key_numbers


def findings(result: Result) -> dict[str, Any]:
    """Plain values for the page, in the report's own words."""
    head = headline(result)
    names = {role: Path(record.file).name for role, record in result.inputs.items()}
    return {
        "title": " · ".join(filter(None, ("RegSuite", result.workflow, result.method))),
        "pair": " → ".join(names[role] for role in ("moving", "fixed") if role in names),
        "tone": head.tone,
        "headline": head.title,
        "sentence": head.sentence,
        "tiles": [
            {"name": tile.name, "value": tile.value, "below": tile.below, "tone": tile.tone or ""}
            for tile in key_numbers(result)
        ],
        "rows": [
            {
                "title": row.title,
                "value": row.value,
                "limit": row.limit,
                "verdict": "" if row.verdict in (row.value, "no limit") else row.verdict,
                "tone": row.verdict.split(" ", 1)[0],
            }
            for row in metric_rows(result)
        ],
        "warnings": list(result.warnings),
    }
