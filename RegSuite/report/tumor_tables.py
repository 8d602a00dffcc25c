"""The table of labels of a tumour's page, those not to be trusted first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from RegSuite.report.headline import number

if TYPE_CHECKING:
    from RegSuite.report.result import Result
    from RegSuite.report.tumor_measures import LabelFacts, TumorMeasures


@dataclass(frozen=True)
class TumorLabelRow:
    """A line of the table, as text; "not measured" where the target has no such label."""

    name: str
    before: str
    after: str
    outside: str
    volume: str
    under: str
    painted: str
    hd95: str
    verdict: str
    doubt: str


def tumor_label_rows(measures: TumorMeasures, record: Result) -> list[TumorLabelRow]:
    """A row for every label of the template on the target's grid: doubtful ones, then the lowest Dice."""
    dice, hd95, outside = (
        {str(k): v for k, v in (part or {}).items()}
        for part in (
            record.metrics.get("dice"),
            record.metrics.get("hd95_mm"),
            (record.metrics.get("tumor") or {}).get("dice_outside"),
        )
    )
    verdicts = {v.measure.partition(".")[2]: v.verdict for v in record.verdicts if v.measure[:5] == "dice."}
    ordered = sorted(
        measures.labels,
        key=lambda f: (not f.doubts, float(dice.get(str(f.label), 2.0)), f.label),
    )
    return [_row(f, dice, hd95, outside, verdicts) for f in ordered]


def _row(
    facts: LabelFacts,
    dice: dict[str, float],
    hd95: dict[str, float],
    outside: dict[str, float],
    verdicts: Mapping[str, str],
) -> TumorLabelRow:
    key = str(facts.label)
    was = "" if facts.before_cc is None else f"{number(facts.before_cc)} → "
    return TumorLabelRow(
        name=f"{facts.label} {'' if facts.name == f'label {key}' else facts.name}".strip(),
        before="–" if facts.dice_before is None else f"{facts.dice_before:.3f}",
        after=f"{dice[key]:.3f}" if key in dice else "not measured",
        outside=f"{outside[key]:.3f}" if key in outside and outside[key] != dice.get(key) else "",
        volume=f"{was}{number(facts.after_cc)}",
        under="–" if facts.under_percent is None else _percent(facts.under_percent),
        painted="–" if facts.painted_percent is None else _percent(facts.painted_percent),
        hd95=number(hd95[key]) if key in hd95 else "–",
        verdict=verdicts.get(key, "no limit" if key in dice else "not measured"),
        doubt="; ".join(facts.doubts),
    )


def _percent(value: float) -> str:
    return "0 %" if value == 0 else "under 1 %" if value < 1 else f"{value:.0f} %"
