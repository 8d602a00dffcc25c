"""What the report of registered organs says first, from result.json alone: the panel has no arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.report.headline import Headline
    from RegSuite.report.organs_measures import OrganFacts
    from RegSuite.report.result import Result

TISSUE = "tissue"
"""How metrics["folds_percent"] calls what is around the organs."""


@dataclass(frozen=True)
class Errors:
    """The mean and the largest of errors, with numpy's words."""

    average: float
    largest: float

    def mean(self) -> float:
        """In mm."""
        return self.average

    def max(self) -> float:
        """In mm."""
        return self.largest


def headline_of(record: Result) -> Headline:
    """The report's first words. Folds at borders, where organs slide, are none."""
    from RegSuite.report.organs_headline import organs_headline

    organs = record.metrics.get("organs") or {}
    facts = tuple(facts_of(label, found) for label, found in organs.items())
    share = (record.metrics.get("drift") or {}).get("inlier_share")
    measures: Any = SimpleNamespace(
        organs=facts,
        folds=_folds(record.metrics),
        left_out_percent=0.0 if share is None else 100 * (1 - share),
        calibration=None,
        gap=lambda side: _gap(facts, side),
    )
    labelled = not (len(facts) == 1 and next(iter(organs)) == "0")
    page: Any = SimpleNamespace(labelled=labelled, landmarks=_landmarks(record.metrics))
    return organs_headline(page, measures, record)


def facts_of(label: str, found: Mapping[str, Any]) -> OrganFacts:
    """An organ's facts as far as result.json has them."""
    from RegSuite.report.organs_content import OrganShown, SurfaceGap
    from RegSuite.report.organs_measures import OrganFacts

    def gap(name: str) -> SurfaceGap | None:
        values = found.get(name)
        return (
            None if not values else SurfaceGap(**{key: float(values[key]) for key in ("mean", "p95", "max")})
        )

    missing = found.get("missing")
    unknown = float("nan")
    organ = OrganShown(
        label=int(label),
        name=str(found.get("name", label)),
        magnitude_mm=found.get("magnitude_mm"),
        bandwidth_mm=found.get("bandwidth_mm"),
        before=gap("distance_before_mm"),
        after=gap("distance_after_mm"),
        cut_off=tuple(found.get("cut_off") or ()),
    )
    return OrganFacts(
        organ=organ,
        place=0,
        points_source=0 if missing == "source" else int(found.get("points_source", 1)),
        points_target=0 if missing == "target" else int(found.get("points_target", 1)),
        spacing_mm=unknown,
        residual_mm=(found.get("residual_mm") or {}).get("mean", unknown),
        sd_mm=(found.get("sd_mm") or {}).get("mean", unknown),
        unmatched_percent=0.0,
        left_out_percent=100 * float(found.get("outlier_share", 0.0)),
        landmarks_mm=unknown,
        n_landmarks=0,
        folded_percent=None,
    )


def _folds(metrics: Mapping[str, Any]) -> Any:
    found = metrics.get("folds_percent")
    if found is None:
        return None
    inside = [float(percent) for name, percent in found.items() if name != TISSUE]
    return SimpleNamespace(inside=max(inside, default=None), between=found.get(TISSUE), labelled=bool(inside))


def _landmarks(metrics: Mapping[str, Any]) -> Any:
    before, after = metrics.get("tre_before_mm") or {}, metrics.get("tre_mm") or {}
    if "mean" not in before or "mean" not in after:
        return None
    return SimpleNamespace(
        names=("landmark",) * int(after.get("n", 1)),
        before_mm=Errors(before["mean"], before.get("max", before["mean"])),
        after_mm=Errors(after["mean"], after.get("max", after["mean"])),
    )


def _gap(facts: tuple[OrganFacts, ...], side: str) -> float | None:
    both = [f.organ for f in facts if f.organ.after is not None]
    found = [getattr(organ, side) for organ in both]
    if not found or None in found:
        return None
    return float(sum(gap.mean for gap in found) / len(found))
