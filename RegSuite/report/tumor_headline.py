"""The first screen of an atlas brought to a tumour: did it work, how well, what must not be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.quality.definitions import measured
from RegSuite.report.headline import Headline, Tone, counted, duration, headline, number
from RegSuite.report.tiles import KeyNumber

if TYPE_CHECKING:
    from RegSuite.report.result import Result
    from RegSuite.report.tumor_content import TumorPage
    from RegSuite.report.tumor_measures import TumorMeasures

SHELL_MM = 10.0
"""How far around the tumour metrics["tumor"]["surrounding_displacement_mm"] looks."""
LEAKED_PERCENT = 10.0
"""More of the appearance change than this outside the tumour stands for anatomy that was painted."""


def tumor_headline(found: TumorPage, measures: TumorMeasures, record: Result) -> Headline:
    """A title and why; green only where Dice was measured and passes, and nothing is doubtful."""
    if record.status == "failed":
        return headline(record)
    did = _did(found, record)
    doubts = tumor_doubts(found, measures, record)
    why = did + (" " + " ".join(doubts) if doubts else "")
    folds = measured(record.metrics, "jacobian.percent_nonpositive")
    if folds:
        title = "The deformation folds: do not use it"
        return Headline("fail", title, f"{number(folds)} % of the voxels are folded. {why}")
    if _worse(found, record):
        title = f"{_where(found).capitalize()} the template fits worse than before"
        return Headline("fail", title, why)
    painted = _painted(found, record)
    if painted is not None:
        title = f"Most of the change {_where(found)} was painted, not moved: do not use the deformation"
        return Headline("fail", title, f"{_percent(painted)} of it is appearance. {why}")
    judged = headline(record)
    if judged.tone == "fail" or any(v.verdict == "fail" for v in record.verdicts):
        return Headline(judged.tone, judged.title, f"{judged.sentence} {why}")
    warned = f" Mind the {counted(len(record.warnings), 'warning')} below." if record.warnings else ""
    if measured(record.metrics, "dice_mean") is None:
        title = "The template was brought to the target; its accuracy was not measured"
        return Headline("unsure", title, why + warned)
    if doubts or warned:
        return Headline("unsure", "The template was brought to the target, with doubts", why + warned)
    tone: Tone = judged.tone
    return Headline(tone, "The template was brought to the target", f"{why} {judged.sentence}")


def tumor_doubts(found: TumorPage, measures: TumorMeasures, record: Result) -> list[str]:
    """What misleads a reader, a sentence each, the gravest first."""
    out = []
    leaked = measures.appearance_outside_percent
    if leaked is not None and leaked > LEAKED_PERCENT:
        out.append(
            f"{leaked:.0f} % of the appearance change lies outside the tumour: anatomy may have been painted "
            "where it should have been moved."
        )
    elif found.appearance == "everywhere" and found.intensity_change is not None and leaked is None:
        out.append(
            "Intensity was free to change everywhere: a good final image says nothing of the deformation."
        )
    if found.appearance == "nowhere" and not found.tumor_known:
        out.append("The method knew of no tumour: it may have dragged healthy tissue to where the tumour is.")
    if found.mask_origin == "estimated":
        out.append("The tumour's mask was estimated, not drawn: look at its outline first.")
    if measured(record.metrics, "dice_mean") is None:
        given = found.warped_labels is not None
        lacking = "the target has no labels" if given else "no labels were given"
        out.append(f"No Dice: {lacking}, so only the pictures tell whether the anatomy matches.")
    doubtful = [f for f in measures.labels if f.doubts]
    if doubtful:
        names = ", ".join(f.name for f in doubtful[:3])
        more = f" and {len(doubtful) - 3} more" if len(doubtful) > 3 else ""
        out.append(
            f"{counted(len(doubtful), 'label')} of {len(measures.labels)} must not be trusted: {names}{more}."
        )
    return out


def tumor_tiles(found: TumorPage, measures: TumorMeasures, record: Result) -> list[KeyNumber]:
    """The key numbers; what was not measured says so."""
    tumor = record.metrics.get("tumor") or {}
    out = [
        _outside_tile(found, record),
        _final_tile(tumor),
        _dice_tile(measures, record),
        _folds_tile(record),
        _shares_tile(tumor, found),
        _mass_effect_tile(tumor),
        _mask_tile(found, measures),
        _leak_tile(found, measures),
        _start_tile(found),
    ]
    if record.total_seconds is not None:
        out.append(KeyNumber("Time", duration(record.total_seconds), record.device or ""))
    return [tile for tile in out if tile is not None]


def _where(found: TumorPage) -> str:
    return "everywhere" if found.mask is None else "outside the tumour"


def _by_deformation(found: TumorPage, record: Result) -> tuple[Any, Any]:
    """SSD before and by deformation alone: outside the tumour, without a mask everywhere."""
    tumor = record.metrics.get("tumor") or {}
    end = "" if found.mask is None else "_outside"
    return tumor.get(f"ssd_before{end}"), tumor.get(f"ssd_deformed{end}")


def _did(found: TumorPage, record: Result) -> str:
    """How far the deformation alone and appearance explain the target."""
    tumor = record.metrics.get("tumor") or {}
    before, after = _by_deformation(found, record)
    words = []
    if before and after is not None:
        part = 100 * (1 - after / before)
        change = f"{part:.0f} % less" if part >= 0 else f"{-part:.0f} % more"
        words.append(
            f"{_where(found).capitalize()} the squared difference to the target went from {_amount(before)} "
            f"to {_amount(after)} by deformation alone ({change})."
        )
    shape, look = tumor.get("shape_share"), tumor.get("appearance_share")
    if shape is not None and look is not None and found.intensity_change is not None:
        words.append(f"Of the whole change {_percent(shape)} is shape and {_percent(look)} appearance.")
    return " ".join(words) or "The run ended as it should."


def _worse(found: TumorPage, record: Result) -> bool:
    before, after = _by_deformation(found, record)
    return before is not None and after is not None and after > before


def _painted(found: TumorPage, record: Result) -> float | None:
    """Appearance's share of the change where shape was expected, if it is most of it; else None."""
    if found.intensity_change is None:
        return None
    end = "" if found.mask is None else "_outside"
    share = (record.metrics.get("tumor") or {}).get(f"appearance_share{end}")
    return share if share is not None and share > 0.5 else None


def _outside_tile(found: TumorPage, record: Result) -> KeyNumber:
    before, after = _by_deformation(found, record)
    name = "SSD, no mask" if found.mask is None else "SSD outside tumour"
    if after is None:
        return KeyNumber(name, "not measured", "", "unsure")
    was = "" if before is None else f"{_amount(before)} → "
    below = "before → deformation alone" if was else "deformation alone"
    return KeyNumber(name, f"{was}{_amount(after)}", below, "fail" if _worse(found, record) else None)


def _final_tile(tumor: Mapping[str, Any]) -> KeyNumber:
    before, after = tumor.get("ssd_before"), tumor.get("ssd_final")
    if after is None:
        return KeyNumber("SSD everywhere", "not measured", "", "unsure")
    was = "" if before is None else f"{_amount(before)} → "
    return KeyNumber("SSD everywhere", f"{was}{_amount(after)}", "before → final, appearance included")


def _dice_tile(measures: TumorMeasures, record: Result) -> KeyNumber:
    """Of the ventricles where labels are called so, else of all labels."""
    after = {int(k): float(v) for k, v in (record.metrics.get("dice") or {}).items() if str(k).isdigit()}
    if not after:
        return KeyNumber("Dice", "not measured", "no labels to compare", "unsure")
    facts = {f.label: f for f in measures.labels}
    ventricles = [k for k in after if k in facts and "ventric" in facts[k].name.lower()]
    chosen = ventricles or list(after)
    name = "Dice, ventricles" if ventricles else "Dice"
    known = {k: facts[k].dice_before for k in chosen if k in facts}
    had = [v for v in known.values() if v is not None]
    was = f"{sum(had) / len(had):.2f} → " if len(had) == len(chosen) else ""
    value = sum(after[k] for k in chosen) / len(chosen)
    below = ("before → after, " if was else "") + f"mean of {counted(len(chosen), 'label')}"
    failed = {v.measure.partition(".")[2] for v in record.verdicts if v.verdict == "fail"}
    return KeyNumber(name, f"{was}{value:.2f}", below, "fail" if failed & {str(k) for k in chosen} else None)


def _folds_tile(record: Result) -> KeyNumber:
    lowest = measured(record.metrics, "jacobian.min")
    folds = measured(record.metrics, "jacobian.percent_nonpositive")
    if lowest is None or folds is None:
        return KeyNumber("Smallest Jacobian", "not measured", "", "unsure")
    below = "no folds" if folds == 0 else f"{number(folds)} % folded"
    return KeyNumber("Smallest Jacobian", number(lowest), below, "fail" if folds else None)


def _shares_tile(tumor: Mapping[str, Any], found: TumorPage) -> KeyNumber:
    shape, look = tumor.get("shape_share"), tumor.get("appearance_share")
    name = "Shape / appearance"
    if found.intensity_change is None:
        return KeyNumber(name, "shape alone", "the method changes no intensity")
    if shape is None or look is None:
        return KeyNumber(name, "not measured", "", "unsure")
    return KeyNumber(name, f"{_percent(shape)} / {_percent(look)}", "of the squared change")


def _mass_effect_tile(tumor: Mapping[str, Any]) -> KeyNumber | None:
    moved = tumor.get("surrounding_displacement_mm") or {}
    if "mean" not in moved or "max" not in moved:
        return None
    below = f"mean within {SHELL_MM:g} mm of the tumour; largest {moved['max']:.1f} mm"
    return KeyNumber("Tissue moved", f"{moved['mean']:.1f} mm", below)


def _mask_tile(found: TumorPage, measures: TumorMeasures) -> KeyNumber:
    unit = "cc" if measures.dimensions == 3 else "cm²"
    if measures.mask_cc is None:
        return KeyNumber("Tumour mask", "none", "nothing was left out", "unsure")
    size = f"{number(measures.mask_cc)} {unit}"
    if found.mask_origin == "estimated":
        return KeyNumber("Tumour mask", "estimated", f"{size}: look at its outline", "unsure")
    if found.tumor_known:
        return KeyNumber("Tumour mask", "given", size)
    return KeyNumber("Tumour mask", "given", f"{size}; for judging alone, the method did not know it")


def _leak_tile(found: TumorPage, measures: TumorMeasures) -> KeyNumber | None:
    if found.intensity_change is None:
        return None
    leaked = measures.appearance_outside_percent
    name = "Appearance outside"
    if leaked is None:
        return KeyNumber(name, "not measured", "there is no mask", "unsure")
    text = "under 1 %" if leaked < 1 else f"{leaked:.0f} %"
    tone: Tone | None = "unsure" if leaked > LEAKED_PERCENT else None
    return KeyNumber(name, text, "of the change, outside the tumour", tone)


def _start_tile(found: TumorPage) -> KeyNumber:
    words = {
        "given": ("given", "the initial transform"),
        "made": ("made", "linear, before the deformation: see below"),
        "none": ("as they lie", "by the headers: see below"),
    }
    return KeyNumber("Start", *words[found.start])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _amount(value: float) -> str:
    """A sum as people write it: large ones without an exponent."""
    if abs(value) < 1000:
        return number(value)
    return f"{value:,.0f}" if abs(value) < 1e6 else f"{value / 1e6:.3g} M"
