"""The first screen of a report: did it work, how well, what must not be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from RegSuite.quality.definitions import MEASURES, measured
from RegSuite.quality.limits import Verdict, measure_of
from RegSuite.report.result import Result

Tone = Literal["pass", "fail", "unsure"]

_ACCURACY = ("tre_mm", "dice", "dice_mean", "hd95_mm", "msd_mm")
HIGHER_IS_BETTER = {"ssd": False, "ncc": True, "lncc": True, "mind": False, "ngf": False, "mi": True}
"""Of each similarity measure."""


@dataclass(frozen=True)
class Headline:
    """One word for the eye, a title, and a sentence that says why.

    tone is "pass" only when an accuracy was measured, nothing fails and nothing is warned of; "unsure"
    where only the minority of the structures fails.
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
        few = None if worse else _few_structures(failed, result.verdicts)
        why = _failures(failed, result.verdicts) + _doubts(result, worse)
        return Headline("unsure" if few else "fail", few or "Outside the limits", why)
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
    sentence = _passes(passed)
    if result.warnings:
        return Headline("unsure", "Within the limits, with warnings", sentence + _doubts(result, worse))
    return Headline("pass", "Within the limits", sentence + " Look at the pictures before you rely on it.")


def similarity_got_worse(result: Result) -> bool:
    """Whether the similarity is worse after than before; False where that cannot be told."""
    before, after = (measured(result.metrics, f"similarity.{k}") for k in ("before", "after"))
    name = str((result.metrics.get("similarity") or {}).get("name", ""))
    if before is None or after is None or name not in HIGHER_IS_BETTER:
        return False
    return bool(after < before if HIGHER_IS_BETTER[name] else after > before)


def number(value: Any) -> str:
    """A number with three digits that mean something."""
    if not isinstance(value, int | float):
        return "not measured"
    if value == 0:
        return "0"
    return f"{float(f'{value:.3g}'):g}" if 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def counted(n: int, noun: str) -> str:
    """'1 label', '3 labels'."""
    return f"{n} {noun}" + ("" if n == 1 else "s")


def _few_structures(failed: list[Verdict], verdicts: list[Verdict]) -> str | None:
    """A title where only some structures (less than half) are outside, none of the whole; else None."""
    if any(not MEASURES[measure_of(v)].per_label for v in failed):
        return None
    outside = {v.measure.partition(".")[2] for v in failed}
    judged = {v.measure.partition(".")[2] for v in verdicts if _is_of_a_structure(v)}
    if 2 * len(outside) >= len(judged):
        return None
    return f"Within the limits but for {len(outside)} of {counted(len(judged), 'structure')}"


def _is_of_a_structure(verdict: Verdict) -> bool:
    return verdict.measure not in MEASURES and verdict.value is not None


def _by_measure(verdicts: list[Verdict]) -> dict[str, list[Verdict]]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(measure_of(verdict), []).append(verdict)
    return groups


def _failures(failed: list[Verdict], verdicts: list[Verdict]) -> str:
    """'Folded voxels 0.3 % (at most 0 %); Dice under 0.8 in 3 of 12 structures (lowest 0.61).'"""
    judged = _by_measure([v for v in verdicts if _is_of_a_structure(v)])
    parts = []
    for path, found in _by_measure(failed).items():
        measure = MEASURES[path]
        unit = f" {measure.unit}" if measure.unit else ""
        values = [v.value for v in found if v.value is not None]
        limit = f"{number(found[0].limit)}{unit}"
        if path not in judged:
            parts.append(f"{measure.title} {number(values[0])}{unit} ({measure.words} {limit})")
            continue
        side, worst = (
            ("over", f"largest {number(max(values))}")
            if measure.bound == "max"
            else ("under", f"lowest {number(min(values))}")
        )
        share = f"{len(found)} of {counted(len(judged[path]), 'structure')}"
        parts.append(f"{measure.title} {side} {limit} in {share} ({worst}{unit})")
    small = (
        " Small structures score lower by nature."
        if any(v.measure.startswith("dice.") for v in failed)
        else ""
    )
    return "; ".join(parts) + "." + small


def _passes(passed: list[Verdict]) -> str:
    """'Dice at least 0.8 in all 26 structures; Folded voxels 0 % (at most 0 %).'"""
    parts = []
    for path, found in _by_measure(passed).items():
        measure = MEASURES[path]
        unit = f" {measure.unit}" if measure.unit else ""
        limit = f"{measure.words} {number(found[0].limit)}{unit}"
        if _is_of_a_structure(found[0]):
            parts.append(f"{measure.title} {limit} in all {counted(len(found), 'structure')}")
        else:
            parts.append(f"{measure.title} {number(found[0].value)}{unit} ({limit})")
    return "; ".join(parts) + "."


def _doubts(result: Result, worse: bool) -> str:
    """What stands against trusting it beside the verdicts."""
    out = f" {_similarity_sentence(result)}" if worse else ""
    return out + (f" Mind the {counted(len(result.warnings), 'warning')} below." if result.warnings else "")


def _similarity_sentence(result: Result) -> str:
    similarity = result.metrics["similarity"]
    return (
        f"{str(similarity['name']).upper()} went from {number(similarity['before'])} "
        f"to {number(similarity['after'])}, which is worse: do not use this transform without knowing why."
    )
