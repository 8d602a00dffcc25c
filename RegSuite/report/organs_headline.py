"""The first words of a page of organs: did it work, and what must not be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from RegSuite.quality.definitions import measured
from RegSuite.quality.limits import measure_of
from RegSuite.report.headline import Headline, counted, headline
from RegSuite.report.organs_folds import FEW_PERCENT
from RegSuite.report.organs_measures import in_mm

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrgansPage
    from RegSuite.report.organs_measures import OrganFacts, OrgansMeasures
    from RegSuite.report.result import Result

MOST_LEFT_OUT = 50.0
"""With more of the target's points (percent) without a partner, the clouds do not show the same."""


def organs_headline(page: OrgansPage, measures: OrgansMeasures, record: Result) -> Headline:
    """A title and why; green only where landmarks pass and nothing is doubtful."""
    if record.status == "failed":
        return headline(record)
    things = "organs" if page.labelled else "points"
    doubts = organs_doubts(page, measures)
    why = " ".join([_did(page, measures, record), *doubts]).strip()
    bad = _mixed_up(record) or _bad(page, measures)
    if bad:
        return Headline("fail", bad, why + _warned(record))
    judged = headline(_judged_inside(measures, record))
    if judged.tone == "fail" or any(v.verdict == "fail" for v in _judged_inside(measures, record).verdicts):
        return Headline(judged.tone, judged.title, f"{judged.sentence} {why}")
    if page.landmarks is None and measured(record.metrics, "tre_mm.mean") is None:
        meet = "The organs' surfaces meet" if page.labelled else "The clouds meet"
        return Headline("unsure", f"{meet}; accuracy was not measured", why + _warned(record))
    if not any(v.measure.startswith("tre_mm") and v.verdict == "pass" for v in record.verdicts):
        no_limit = " No limit was set on the landmarks' error: judge it yourself."
        return Headline(
            "unsure", f"The {things} were brought to the target", why + no_limit + _warned(record)
        )
    if doubts or record.warnings:
        title = f"The {things} were brought to the target, with doubts"
        return Headline("unsure", title, why + _warned(record))
    return Headline(judged.tone, f"The {things} were brought to the target", f"{why} {judged.sentence}")


def organs_doubts(page: OrgansPage, measures: OrgansMeasures) -> list[str]:
    """What misleads a reader, a sentence each, the gravest first."""
    out = []
    doubtful = [f for f in measures.organs if f.doubts]
    if doubtful and page.labelled:
        said = "; ".join(f"{f.organ.name} ({', '.join(f.doubts)})" for f in doubtful[:4])
        more = f" and {len(doubtful) - 4} more" if len(doubtful) > 4 else ""
        out.append(f"{_be(len(doubtful), len(measures.organs))} doubtful: {said}{more}.")
    elif doubtful:
        out.append(f"Doubtful: {', '.join(doubtful[0].doubts)}.")
    if 20 < measures.left_out_percent <= MOST_LEFT_OUT:
        out.append(f"{measures.left_out_percent:.0f} % of the target's points found no partner.")
    if measures.calibration is not None and measures.calibration.verdict == "too sure":
        ratio = measures.calibration.ratio
        out.append(f"The stated uncertainty is too small by a factor of {ratio:.1f} where landmarks are.")
    if page.landmarks is None:
        out.append(
            "No landmarks were given: surfaces that meet do not show that their points do, since a surface "
            "can slide along itself."
        )
    return out


def _mixed_up(record: Result) -> str:
    """A title where organs are mixed up: what fits well then fits the wrong things."""
    pairs: list[str] = record.metrics.get("other_way_round", [])
    return f"The other way round in the source: {', '.join(pairs)}" if pairs else ""


def _bad(page: OrgansPage, measures: OrgansMeasures) -> str:
    """A title where the result must not be used, else ''."""
    folds = measures.folds
    if folds is not None and (folds.inside or 0) > FEW_PERCENT:
        return "The deformation folds inside organs: do not use it"
    if measures.left_out_percent > MOST_LEFT_OUT:
        return "Most points found no partner: the clouds do not fit each other"
    marks = page.landmarks
    if marks is not None and len(marks.names) and marks.after_mm.mean() > marks.before_mm.mean():
        return "Landmarks lie farther apart than before"
    missed = [f for f in measures.organs if f.missed]
    if missed and not page.labelled:
        return "The source was not brought to the target"
    if missed:
        count = len(measures.organs)
        if len(missed) == count:
            return "No organ was reached"
        return f"{len(missed)} of {counted(count, 'organ')} {_was(missed)} not reached: {_names(missed)}"
    worse = [f for f in measures.organs if f.worse]
    if worse:
        verb = "lies" if len(worse) == 1 else "lie"
        who = _names(worse).capitalize() if page.labelled else "The source"
        return f"{who} {verb} farther from the target than before"
    return ""


def _did(page: OrgansPage, measures: OrgansMeasures, record: Result) -> str:
    """How far things lay apart and lie now."""
    words = []
    marks, by_field = page.landmarks, measured(record.metrics, "tre_mm.mean")
    if marks is not None and len(marks.names):
        count = counted(len(marks.names), "landmark")
        was, now, most = (
            in_mm(float(v)) for v in (marks.before_mm.mean(), marks.after_mm.mean(), marks.after_mm.max())
        )
        words.append(
            f"{count} that the registration did not see went from {was} to {now} mm apart (mean; largest "
            f"{most} mm)."
        )
        if by_field is not None and abs(by_field - float(marks.after_mm.mean())) > 0.03 * by_field:
            words.append(
                f"Through the volume's own field, target to source, they are {in_mm(by_field)} mm off."
            )
    before, after = measures.gap("before"), measures.gap("after")
    if before is not None and after is not None:
        things = "surfaces" if page.labelled else "clouds"
        words.append(f"The {things} were {in_mm(before)} mm apart and are {in_mm(after)} mm apart.")
    return " ".join(words) or "The run ended as it should."


def _judged_inside(measures: OrgansMeasures, record: Result) -> Result:
    """The result without a failed verdict on folds where none is inside an organ: jumps are no folds."""
    folds = measures.folds
    if folds is None or not folds.labelled or folds.inside or folds.between:
        return record
    kept = [v for v in record.verdicts if not (measure_of(v).startswith("jacobian.") and v.verdict == "fail")]
    return record.model_copy(update={"verdicts": kept})


def _warned(record: Result) -> str:
    return f" Mind the {counted(len(record.warnings), 'warning')} below." if record.warnings else ""


def _names(facts: Sequence[OrganFacts]) -> str:
    shown = ", ".join(f.organ.name for f in facts[:3])
    return shown + (f" and {len(facts) - 3} more" if len(facts) > 3 else "")


def _was(facts: Sequence[OrganFacts]) -> str:
    return "was" if len(facts) == 1 else "were"


def _be(few: int, all_of_them: int) -> str:
    return f"{few} of {counted(all_of_them, 'organ')} {'is' if few == 1 else 'are'}"
