"""What a page of organs measures on its content: each organ, its doubts, and the whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.organs_calibration import Calibration, calibration_of
from RegSuite.report.organs_folds import Folds, folds_of

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrganShown, OrgansPage, SurfaceGap

Array = NDArray[Any]

MISSED_MM = 5.0
"""An organ whose surfaces stay farther apart on average, and over half as far as before, was not reached.

Nor are clouds that lie 1.5 times as far apart as their own points (where that is more)."""
LEFT_OUT_PERCENT = 20.0
"""More target points of an organ that found no partner than this are doubted."""
GUESSED = 0.5
"""An organ whose points are this part of the prior's deviation uncertain was guessed rather than measured."""


@dataclass(frozen=True)
class OrganFacts:
    """One organ. residual_mm, sd_mm: means over its source points where known (NaN: nowhere).

    spacing_mm: median distance of a target point from the next one of the organ (NaN under two points).

    unmatched_percent: source points without a partner. left_out_percent: target points held for outliers.
    landmarks_mm: mean error of its n_landmarks after, NaN without. folded_percent: of its voxels away from
    its border, None without a Jacobian and labels.
    """

    organ: OrganShown
    place: int
    points_source: int
    points_target: int
    spacing_mm: float
    residual_mm: float
    sd_mm: float
    unmatched_percent: float
    left_out_percent: float
    landmarks_mm: float
    n_landmarks: int
    folded_percent: float | None

    @property
    def missing(self) -> Literal["source", "target"] | None:
        """The side it is missing on."""
        if self.points_source and self.points_target:
            return None
        return "source" if not self.points_source else "target"

    @property
    def worse(self) -> bool:
        """Whether its surfaces lie farther apart than before."""
        before, after = self.organ.before, self.organ.after
        return before is not None and after is not None and after.mean > before.mean

    @property
    def missed(self) -> bool:
        """Whether it was not brought to the target's."""
        before, after = self.organ.before, self.organ.after
        if self.missing or after is None:
            return False
        lost = self.unmatched_percent > 90 or self.left_out_percent > 90
        far = after.mean > max(MISSED_MM, 1.5 * np.nan_to_num(self.spacing_mm))
        return bool(lost or (far and (before is None or after.mean > 0.5 * before.mean)))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why this organ must not be trusted, the gravest first."""
        out = []
        if self.missing:
            other = "target" if self.missing == "source" else "source"
            out.append(f"only in the {other}: its motion is a guess")
        if self.missed:
            out.append("not reached")
        elif self.worse:
            out.append("farther apart than before")
        if self.folded_percent:
            out.append(f"folds inside it ({self.folded_percent:.2g} %)")
        if self.organ.cut_off:
            out.append(f"cut off at the edge of the {' and the '.join(self.organ.cut_off)}")
        if not (self.missing or self.missed) and self.left_out_percent > LEFT_OUT_PERCENT:
            out.append(f"{self.left_out_percent:.0f} % of its target points found no partner")
        prior = self.organ.deviation_mm
        if prior and self.sd_mm > GUESSED * prior and not (self.missing or self.missed):
            out.append(f"guessed rather than measured: {self.sd_mm:.1f} mm of the prior's {prior:g} are left")
        return tuple(out)


class OrgansMeasures:
    """The measures of one page, each taken once."""

    def __init__(self, page: OrgansPage) -> None:
        self.page = page

    @cached_property
    def folds(self) -> Folds | None:
        """Folds told apart by where they are; None without a Jacobian."""
        return folds_of(self.page)

    @cached_property
    def organs(self) -> tuple[OrganFacts, ...]:
        """A line of facts for each organ, in the page's order."""
        return tuple(self._facts(place) for place in range(len(self.page.organs)))

    @cached_property
    def calibration(self) -> Calibration | None:
        """None without landmarks of known standard deviation."""
        return None if self.page.landmarks is None else calibration_of(self.page.landmarks)

    @cached_property
    def left_out_percent(self) -> float:
        """Of the target's points."""
        return _percent(self.page.outlier_probability)

    def gap(self, side: Literal["before", "after"]) -> float | None:
        """Mean over organs of the mean distance of their surfaces; over those known after; None without."""
        both = [o for o in self.page.organs if o.after is not None]
        found: list[SurfaceGap | None] = [getattr(o, side) for o in both]
        return None if not both or None in found else float(np.mean([g.mean for g in found if g]))

    def _facts(self, place: int) -> OrganFacts:
        page = self.page
        own, theirs = (np.asarray(o) == place for o in (page.source_organs, page.target_organs))
        residual = np.asarray(page.residual_mm, float)[own]
        sd = np.full(1, np.nan) if page.sd_mm is None else np.asarray(page.sd_mm, float)[own]
        marks = page.landmarks
        errors = np.zeros(0)
        if marks is not None and not page.labelled:
            errors = marks.after_mm
        elif marks is not None and marks.organs is not None:
            errors = marks.after_mm[np.asarray(marks.organs) == place]
        inside = None if self.folds is None else self.folds.by_label.get(page.organs[place].label)
        return OrganFacts(
            organ=page.organs[place],
            place=place,
            points_source=int(own.sum()),
            points_target=int(theirs.sum()),
            spacing_mm=spacing_of(np.asarray(page.target_mm, float)[theirs]),
            residual_mm=known_mean(residual),
            sd_mm=known_mean(sd),
            unmatched_percent=_percent(~np.isfinite(residual)),
            left_out_percent=_percent(np.asarray(page.outlier_probability)[theirs]),
            landmarks_mm=known_mean(errors),
            n_landmarks=len(errors),
            folded_percent=inside,
        )


def known_mean(values: Array) -> float:
    """Mean of what is finite, NaN of nothing."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def in_mm(value: float) -> str:
    """A length as people read it: '0.67', '6.7', '257'; '–' where unknown."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def spacing_of(points: Array) -> float:
    """Median distance of a point [n, d] from the next one; NaN under two."""
    from scipy.spatial import cKDTree

    if len(points) < 2:
        return float("nan")
    return float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))


def _percent(shares: Array) -> float:
    return 100 * float(np.mean(shares)) if len(shares) else float("nan")
