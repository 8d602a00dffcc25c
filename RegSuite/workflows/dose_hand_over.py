"""What the report of an accumulated course is given."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from RegSuite.report.dose_page import DoseFraction, DoseLine, DoseMetric, DosePage
from RegSuite.workflows.dose_files import sampled_images

if TYPE_CHECKING:
    from RegSuite.workflows.dose_result import DoseCourseResult


def page_of(result: DoseCourseResult) -> DosePage:
    """The page's content, sharing the result's arrays."""
    colours = {s.name: s.colour for s in result.structures}
    comparison = result.comparison
    return DosePage(
        planning=result.planning,
        structures=result.structures,
        dose=result.dose,
        eqd2=result.eqd2,
        marks=result.marks,
        spread=sampled_images(result),
        lines=[
            DoseLine(
                c.structure,
                c.kind,
                c.dose_gy,
                c.volume_percent,
                c.p05_percent,
                c.p95_percent,
                colours.get(c.structure),
            )
            for c in result.curves
        ],
        metrics=[DoseMetric(**asdict(row)) for row in result.rows],
        fractions=[
            DoseFraction(f.name, f.count, f.quality, f.displacement, f.dose, f.sigma_mm, f.warped)
            for f in result.fractions
        ],
        gamma=None if comparison is None else comparison.gamma,
        difference_gy=None if comparison is None else comparison.difference_gy,
    )
