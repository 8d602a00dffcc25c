"""The tables: coverage by source, method and setting, with bootstrap intervals over draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from RegSuite.dose.uncertainty.calibration import Coverage
from RegSuite.dose.uncertainty.coverage import bootstrap
from Testing.benchmarks.dose_coverage.score import Row, Setting, calibration_of

HEAD = (
    "| draws (n) | registration | scale, floor mm, length mm, fractions | organs | targets "
    "| vectors 50 / 68 / 90 / 95 | landmarks: log density | one constant SD |\n"
    "|---|---|---|---|---|---|---:|---:|"
)


def chosen_rows(rows: Iterable[Row], source: str, method: str, seeds: range, setting: Setting) -> list[Row]:
    """The rows of one setting on these draws."""
    key = (source, method, str(setting))
    return [r for r in rows if (r["source"], r["method"], r["setting"]) == key and r["seed"] in seeds]


def written_tables(
    rows: Iterable[Row], source: str, settings: Sequence[Setting], draws: Mapping[str, range]
) -> str:
    """Markdown: a line for each kind of draws, registration and setting that has rows."""
    kept = list(rows)
    methods = list(dict.fromkeys(row["method"] for row in kept if row["source"] == source))
    lines = [f"Source: {source}", "", HEAD]
    others = []
    for name, seeds in draws.items():
        for method in methods:
            for setting in settings:
                found = chosen_rows(kept, source, method, seeds, setting)
                if found:
                    lines.append(_line(name, method, setting, found))
                    others += _others(name, method, found)
    return "\n".join(lines + (["", *others] if others else []))


def _line(name: str, method: str, setting: Setting, found: Sequence[Row]) -> str:
    c = calibration_of(found, setting, "")
    vectors = " / ".join(f"{100 * v.measured:.0f}" for v in c.vectors)
    cells = (
        f"{name} ({len(found)})", method, str(setting).replace(",", ", "), _share(c.dvh["organs"]),
        _share(c.dvh["targets"]), vectors, f"{c.log_likelihood:.2f}", f"{c.log_likelihood_constant:.2f}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _others(name: str, method: str, found: Sequence[Row]) -> list[str]:
    """How much of the DVHs by other registrations lies in the band."""
    with_others: list[dict[str, Any]] = [row["others"] for row in found if row.get("others")]
    out = []
    for other in dict.fromkeys(key for row in with_others for key in row):
        shares = {
            kind: bootstrap([row[other][kind] for row in with_others if other in row], 0.9)
            for kind in ("organs", "targets")
        }
        out.append(
            f"DVHs by {other} in the band of {method} ({name}, {len(with_others)} draws): "
            f"organs {_share(shares['organs'])}, targets {_share(shares['targets'])}"
        )
    return out


def _share(coverage: Coverage) -> str:
    if not np.isfinite(coverage.measured):
        return ""
    return f"{100 * coverage.measured:.1f} % ({100 * coverage.low:.1f} to {100 * coverage.high:.1f})"
