"""report.html of `organs` and `points`: clouds brought onto each other, and from them the volume."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.report import organs_charts, organs_maps, organs_pictures, plots
from RegSuite.report.draw import embedded, jpeg, png
from RegSuite.report.html import embed, place_sentence
from RegSuite.report.organs_bodies import Bodies, organ_colours
from RegSuite.report.organs_calibration import RADIUS
from RegSuite.report.organs_headline import organs_headline
from RegSuite.report.organs_measures import OrgansMeasures
from RegSuite.report.organs_tables import (
    border_rows,
    coherence_table,
    elasticity_sources,
    landmark_rows,
    organ_rows,
    transition_table,
)
from RegSuite.report.organs_tiles import organs_tiles
from RegSuite.report.organs_view import organs_view
from RegSuite.report.page import rendered
from RegSuite.report.table import metric_rows

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrgansPage
    from RegSuite.report.result import Result


def write_organs_page(path: Path | str, found: OrgansPage, record: Result) -> None:
    """Write the page: one file, pictures inside it, no address outside."""
    Path(path).write_text(organs_page(found, record), encoding="utf-8")


def organs_page(found: OrgansPage, record: Result) -> str:
    """The page as text."""
    measures = OrgansMeasures(found)
    marks = found.landmarks if found.landmarks is not None and len(found.landmarks.names) else None
    return rendered(
        "organs.html.j2",
        result=record,
        content=record.to_dict(),
        headline=organs_headline(found, measures, record),
        tiles=organs_tiles(found, measures, record),
        labelled=found.labelled,
        organs=organ_rows(found, measures, record),
        sources=elasticity_sources(found),
        chips=list(zip([o.name for o in found.organs], organ_colours(found), strict=True)),
        matrices=[t for t in (coherence_table(found), transition_table(found)) if t is not None],
        borders=border_rows(record),
        marks=[] if marks is None else landmark_rows(marks),
        calibration=None if measures.calibration is None else measures.calibration.sentence,
        folds=None if measures.folds is None else measures.folds.sentence,
        rows=metric_rows(record),
        command=found.command,
        **_pictures(found, measures),
    )


def _pictures(found: OrgansPage, measures: OrgansMeasures) -> dict[str, Any]:
    """All pictures, drawn and embedded."""
    bodies = Bodies(found)
    radius = RADIUS[found.dimensions]
    clouds = organs_pictures.before_after(found, bodies)
    values = [organs_pictures.coloured(found, bodies, name) for name in ("residual_mm", "sd_mm")]
    view = organs_view(found)
    folds = "" if measures.folds is None else measures.folds.sentence
    charts = [
        ("Landmarks by their error", organs_charts.landmark_shares(found.landmarks)),
        ("Is the stated uncertainty honest?", organs_charts.stated(found.landmarks, radius)),
        ("Convergence", organs_charts.convergence(found.sigma_mm, found.inliers)),
        ("Displacement", None if view is None else plots.displacement(view.images)),
    ]
    named = organs_charts.landmarks(found, radius)
    drawn, coarser = (partial(embed, encode=partial(jpeg, quality=q)) for q in (76, 60))
    return {
        "place": "" if view is None else place_sentence(view, view.centre),
        "pairs": [drawn(clouds), *([] if view is None else [coarser(s) for s in organs_maps.pairs(view)])],
        "values": [drawn(replace(s, name=f"cloud-{s.name}")) for s in values if s is not None],
        "singles": [] if view is None else [coarser(s) for s in organs_maps.singles(view, folds)],
        "landmark_plot": None if named is None else embedded(png(named)),
        "most_landmarks": organs_charts.MOST_LANDMARKS,
        "charts": [(title, embedded(png(f))) for title, f in charts if f is not None],
    }
