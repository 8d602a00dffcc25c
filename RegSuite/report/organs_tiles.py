"""The tiles of a page of organs: key numbers, and what was not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.quality.definitions import measured
from RegSuite.report.headline import Tone, counted, duration
from RegSuite.report.organs_folds import FEW_PERCENT
from RegSuite.report.organs_headline import MOST_LEFT_OUT
from RegSuite.report.organs_measures import LEFT_OUT_PERCENT, in_mm
from RegSuite.report.tiles import KeyNumber

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrgansPage
    from RegSuite.report.organs_measures import OrgansMeasures
    from RegSuite.report.result import Result


def organs_tiles(page: OrgansPage, measures: OrgansMeasures, record: Result) -> list[KeyNumber]:
    """In the order of what a surgeon asks first."""
    found = [
        _landmarks(page, record),
        _gap(page, measures),
        _worst(measures),
        _matched(measures),
        _uncertainty(page),
        _honest(measures),
        _dice(page, record),
        _folds(measures),
    ]
    out = [tile for tile in found if tile is not None]
    if record.total_seconds is not None:
        out.append(KeyNumber("Time", duration(record.total_seconds), record.device or ""))
    return out


def _landmarks(page: OrgansPage, record: Result) -> KeyNumber:
    marks = page.landmarks
    if marks is None or not len(marks.names):
        return KeyNumber("Landmark error", "not measured", "no landmarks were given", "unsure")
    before, after = float(marks.before_mm.mean()), float(marks.after_mm.mean())
    worst = int(marks.after_mm.argmax())
    below = (
        f"mean of {len(marks.names)}; largest {in_mm(float(marks.after_mm[worst]))} mm: {marks.names[worst]}"
    )
    if marks.names[worst].isdigit():
        below = below.rpartition(" ")[0] + f" landmark {marks.names[worst]}"
    verdict = next((v.verdict for v in record.verdicts if v.measure == "tre_mm.mean"), None)
    tone: Tone | None = "fail" if after > before or verdict == "fail" else None
    if verdict == "pass" and tone is None:
        tone = "pass"
    return KeyNumber("Landmark error", f"{in_mm(before)} → {in_mm(after)} mm", below, tone)


def _gap(page: OrgansPage, measures: OrgansMeasures) -> KeyNumber:
    before, after = measures.gap("before"), measures.gap("after")
    name = "Surfaces apart" if page.labelled else "Clouds apart"
    if after is None:
        return KeyNumber(name, "not measured", "", "unsure")
    was = "" if before is None else f"{in_mm(before)} → "
    count = sum(o.after is not None for o in page.organs)
    below = f"mean distance, over {counted(count, 'organ')}" if page.labelled else "mean distance, both ways"
    bad = any(f.missed or f.worse for f in measures.organs)
    return KeyNumber(name, f"{was}{in_mm(after)} mm", below, "fail" if bad else None)


def _worst(measures: OrgansMeasures) -> KeyNumber | None:
    known = [f for f in measures.organs if f.organ.after is not None]
    if len(known) < 2:
        return None
    worst = max(known, key=lambda f: f.organ.after.mean if f.organ.after else 0.0)
    gap = worst.organ.after
    assert gap is not None
    tone: Tone | None = "fail" if worst.missed or worst.worse else None
    return KeyNumber(
        "Worst organ", f"{in_mm(gap.mean)} mm", f"{worst.organ.name}; largest {in_mm(gap.max)} mm", tone
    )


def _matched(measures: OrgansMeasures) -> KeyNumber:
    out = measures.left_out_percent
    tone: Tone | None = "fail" if out > MOST_LEFT_OUT else "unsure" if out > LEFT_OUT_PERCENT else None
    below = "of the target's points found a partner"
    return KeyNumber("Matched", f"{100 - out:.0f} %", below, tone)


def _uncertainty(page: OrgansPage) -> KeyNumber:
    sd = np.zeros(0) if page.sd_mm is None else np.asarray(page.sd_mm, float)
    sd = sd[np.isfinite(sd)]
    if not sd.size:
        return KeyNumber("Uncertainty", "not known", "this kind of transform states none", "unsure")
    below = f"median sd of a point's coordinate; 95 % under {in_mm(float(np.percentile(sd, 95)))} mm"
    return KeyNumber("Uncertainty", f"± {in_mm(float(np.median(sd)))} mm", below)


def _honest(measures: OrgansMeasures) -> KeyNumber | None:
    found = measures.calibration
    if found is None:
        return None
    tone: Tone | None = "unsure" if found.verdict in ("too sure", "too few") else None
    below = f"landmarks inside their 95 % radius: {found.verdict}"
    return KeyNumber("Uncertainty holds", f"{found.within} of {found.count}", below, tone)


def _dice(page: OrgansPage, record: Result) -> KeyNumber | None:
    after = measured(record.metrics, "dice_mean")
    if after is None:
        return None
    failed = any(v.measure.startswith("dice") and v.verdict == "fail" for v in record.verdicts)
    below = "of the labels the clouds were made of: a check of the field, no test of accuracy"
    was = ""
    if page.before_labels is not None and page.target_labels is not None:
        from RegSuite.quality.dice import dice

        before = dice(page.target_labels.data[0], page.before_labels.data[0]).values
        values = [before.get(o.label) for o in page.organs]
        known = [v for v in values if v is not None]
        was = f"{sum(known) / len(known):.2f} → " if known else ""
    return KeyNumber("Dice", f"{was}{after:.2f}", below, "fail" if failed else None)


def _folds(measures: OrgansMeasures) -> KeyNumber | None:
    folds = measures.folds
    if folds is None:
        return None
    if not folds.labelled:
        share = folds.between or 0.0
        return KeyNumber("Folded voxels", _percent(share), "everywhere", "fail" if share else None)
    inside = folds.inside or 0.0
    tone: Tone | None = "fail" if inside > FEW_PERCENT else "unsure" if inside else None
    return KeyNumber(
        "Folds in organs", _percent(inside), f"jumps at borders: {_percent(folds.border or 0.0)}", tone
    )


def _percent(value: float) -> str:
    return "0 %" if value == 0 else "under 0.01 %" if value < 0.01 else f"{value:.2g} %"
