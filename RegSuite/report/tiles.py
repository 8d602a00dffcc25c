"""The tiles of a report's first screen: the key numbers, and what was not measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from RegSuite.quality.definitions import measured
from RegSuite.report.headline import HIGHER_IS_BETTER, Tone, counted, duration, number, similarity_got_worse
from RegSuite.report.result import Result


@dataclass(frozen=True)
class KeyNumber:
    """One tile: a name, the number as text, and what stands below it."""

    name: str
    value: str
    below: str = ""
    tone: Tone | None = None


def key_numbers(result: Result, displacement_mm: Any | None = None) -> list[KeyNumber]:
    """The numbers of the first screen; one that was not measured says so.

    displacement_mm: lengths [n] in mm, or None.
    """
    out = _accuracy_tiles(result)
    similarity = result.metrics.get("similarity") or {}
    if similarity:
        name = str(similarity.get("name", "")).upper()
        text = f"{number(similarity.get('before'))} → {number(similarity.get('after'))}"
        tone: Tone | None = "fail" if similarity_got_worse(result) else None
        better = HIGHER_IS_BETTER.get(name.lower())
        below = "" if better is None else f"before → after, {'higher' if better else 'lower'} is better"
        out.append(KeyNumber(f"Similarity ({name})", text, below, tone))
    folds = measured(result.metrics, "jacobian.percent_nonpositive")
    if folds is not None:
        lowest = measured(result.metrics, "jacobian.min")
        text = "0 %" if folds == 0 else f"{folds:.2g} %"
        below = "" if lowest is None else f"smallest Jacobian {number(lowest)}"
        out.append(KeyNumber("Folded voxels", text, below, "fail" if folds else None))
    if displacement_mm is not None and len(displacement_mm):
        text = f"{displacement_mm.mean():.1f} mm"
        out.append(KeyNumber("Displacement", text, f"largest {displacement_mm.max():.1f} mm"))
    residual = measured(result.metrics, "inverse_residual_mm.mean")
    if residual is not None:
        most = measured(result.metrics, "inverse_residual_mm.max")
        below = "own inverse, mean" + ("" if most is None else f"; largest {number(most)} mm")
        out.append(KeyNumber("Inverse residual", f"{number(residual)} mm", below))
    if result.total_seconds is not None:
        out.append(KeyNumber("Time", duration(result.total_seconds), result.device or ""))
    return out


def _accuracy_tiles(result: Result) -> list[KeyNumber]:
    """TRE and Dice where they were measured, else one tile that says they were not."""
    tre, dice = (measured(result.metrics, path) for path in ("tre_mm.mean", "dice_mean"))
    out = []
    if tre is not None:
        count = measured(result.metrics, "tre_mm.n")
        out.append(
            KeyNumber("TRE", f"{number(tre)} mm", f"mean of {count} landmarks", _tone(result, "tre_mm.mean"))
        )
    if dice is not None:
        per_label = result.metrics.get("dice") or {}
        below = f"mean of {counted(len(per_label), 'label')}"
        out.append(KeyNumber("Dice", f"{dice:.3f}", below, _tone(result, "dice_mean")))
    truth, most = (measured(result.metrics, f"truth_error_mm.{k}") for k in ("mean", "p95"))
    if truth is not None:
        below = "mean distance to the known truth" + (
            "" if most is None else f"; 95 % under {number(most)} mm"
        )
        out.append(KeyNumber("True error", f"{number(truth)} mm", below))
    return out or [KeyNumber("Accuracy", "not measured", "no landmarks or labels given", "unsure")]


def _tone(result: Result, measure: str) -> Tone | None:
    verdict = next((v.verdict for v in result.verdicts if v.measure == measure), None)
    return "fail" if verdict == "fail" else "pass" if verdict == "pass" else None
