"""The first screen of a report: did it work, how well, what must not be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from RegSuite.quality.definitions import MEASURES, measured
from RegSuite.quality.limits import Verdict, measure_of
from RegSuite.report.result import Result

Tone = Literal["pass", "fail", "unsure"]

_ACCURACY = ("tre_mm", "dice", "dice_mean", "hd95_mm", "msd_mm")
_HIGHER_IS_BETTER = {"ssd": False, "ncc": True, "lncc": True, "mind": False, "ngf": False, "mi": True}


@dataclass(frozen=True)
class Headline:
    """One word for the eye, a title, and a sentence that says why.

    tone is "pass" only when an accuracy was measured, nothing fails and nothing is warned of.
    """

    tone: Tone
    title: str
    sentence: str


def headline(result: Result) -> Headline:
    """What the verdicts and the warnings come to."""
    if result.status == "failed":
        what = result.reason.what if result.reason else ""
        return Headline("fail", "The run failed: there is no registration", what)
    failed = [v for v in result.verdicts if v.verdict == "fail"]
    passed = [v for v in result.verdicts if v.verdict == "pass"]
    worse = similarity_got_worse(result)
    if failed:
        return Headline("fail", "Outside the limits", _failures(failed) + _doubts(result, worse))
    if worse:
        return Headline("fail", "The images agree less than before", _similarity_sentence(result))
    if not any(measure_of(v).split(".")[0] in _ACCURACY for v in passed):
        folds = next((v for v in passed if v.measure == "jacobian.percent_nonpositive"), None)
        return Headline(
            "unsure",
            "Accuracy not measured",
            "The run ended as it should"
            + (", and the transform does not fold. " if folds else ". ")
            + "No landmarks "
            "or labels were given, so nothing here tells whether the anatomy matches: judge the pictures."
            + _doubts(result, worse),
        )
    sentence = f"{_count(len(passed), 'measure')} within the limits, none outside."
    if result.warnings:
        return Headline("unsure", "Within the limits, with warnings", sentence + _doubts(result, worse))
    return Headline("pass", "Within the limits", sentence + " Look at the pictures before you rely on it.")


def similarity_got_worse(result: Result) -> bool:
    """Whether the similarity is worse after than before; False where that cannot be told."""
    before, after = (measured(result.metrics, f"similarity.{k}") for k in ("before", "after"))
    name = str((result.metrics.get("similarity") or {}).get("name", ""))
    if before is None or after is None or name not in _HIGHER_IS_BETTER:
        return False
    return bool(after < before if _HIGHER_IS_BETTER[name] else after > before)


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
        better = _HIGHER_IS_BETTER.get(name.lower())
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
        below = f"mean of {_count(len(per_label), 'label')}"
        out.append(KeyNumber("Dice", f"{dice:.3f}", below, _tone(result, "dice_mean")))
    return out or [KeyNumber("Accuracy", "not measured", "no landmarks or labels given", "unsure")]


def _tone(result: Result, measure: str) -> Tone | None:
    verdict = next((v.verdict for v in result.verdicts if v.measure == measure), None)
    return "fail" if verdict == "fail" else "pass" if verdict == "pass" else None


def number(value: Any) -> str:
    """A number with three digits that mean something."""
    if not isinstance(value, int | float):
        return "not measured"
    if value == 0:
        return "0"
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")


def _failures(failed: list[Verdict]) -> str:
    """'Folded voxels 0.3 % (at most 0 %); Dice of 3 labels (at least 0.8, lowest 0.61).'"""
    groups: dict[str, list[Verdict]] = {}
    for verdict in failed:
        groups.setdefault(measure_of(verdict), []).append(verdict)
    parts = []
    for path, verdicts in groups.items():
        measure = MEASURES[path]
        unit = f" {measure.unit}" if measure.unit else ""
        values = [v.value for v in verdicts if v.value is not None]
        limit = f"{measure.words} {number(verdicts[0].limit)}{unit}"
        if measure.per_label:
            worst = max(values) if measure.bound == "max" else min(values)
            parts.append(
                f"{measure.title} of {_count(len(verdicts), 'label')} ({limit}; worst {number(worst)}{unit})"
            )
        else:
            parts.append(f"{measure.title} {number(values[0])}{unit} ({limit})")
    return "; ".join(parts) + "."


def _doubts(result: Result, worse: bool) -> str:
    """What stands against trusting it beside the verdicts."""
    out = f" {_similarity_sentence(result)}" if worse else ""
    return out + (f" Mind the {_count(len(result.warnings), 'warning')} below." if result.warnings else "")


def _similarity_sentence(result: Result) -> str:
    similarity = result.metrics["similarity"]
    return (
        f"{str(similarity['name']).upper()} went from {number(similarity['before'])} "
        f"to {number(similarity['after'])}, which is worse: do not use this transform without knowing why."
    )
