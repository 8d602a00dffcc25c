"""report.html of `tumor`: a template brought to a brain with a tumour, shape and appearance apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.report import plots, tumor_charts, tumor_pictures
from RegSuite.report.draw import embedded, jpeg, png
from RegSuite.report.html import embed, place_sentence
from RegSuite.report.page import rendered
from RegSuite.report.table import metric_rows
from RegSuite.report.tumor_film import film
from RegSuite.report.tumor_headline import tumor_headline, tumor_tiles
from RegSuite.report.tumor_measures import PAINTED_PERCENT, UNDER_PERCENT, TumorMeasures
from RegSuite.report.tumor_tables import tumor_label_rows
from RegSuite.report.tumor_view import TumorView

if TYPE_CHECKING:
    from RegSuite.report.result import Result
    from RegSuite.report.tumor_content import TumorPage

_DEFINED = {"SSD": "ssd_unit", "Shares": "shares_are"}
MOST_LABELS = 12
"""Labels shown at once; the others unfold."""


def write_tumor_page(path: Path | str, found: TumorPage, record: Result) -> None:
    """Write the page: one file, pictures and film inside it."""
    Path(path).write_text(tumor_page(found, record), encoding="utf-8")


def tumor_page(found: TumorPage, record: Result) -> str:
    """The page as text."""
    measures = TumorMeasures(found)
    view = TumorView(found)
    tumor = record.metrics.get("tumor") or {}
    return rendered(
        "tumor.html.j2",
        result=record,
        content=record.to_dict(),
        headline=tumor_headline(found, measures, record),
        tiles=tumor_tiles(found, measures, record),
        labels=tumor_label_rows(measures, record),
        shown_labels=MOST_LABELS,
        area="cc" if measures.dimensions == 3 else "cm²",
        under=UNDER_PERCENT,
        painted=PAINTED_PERCENT,
        rows=metric_rows(record),
        said=[f"{name}: {tumor[key]}." for name, key in _DEFINED.items() if tumor.get(key)],
        geodesic=found.film is not None and bool(found.film.kinetic),
        drift=tumor.get("energy_drift_percent"),
        command=found.command,
        flat=view.tight,
        film=None if found.film is None else film(view, found.film),
        **_pictures(found, view),
    )


def _pictures(found: TumorPage, view: TumorView) -> dict[str, Any]:
    moved = "Displacement" if found.start == "none" else "Displacement, start included"
    charts = [
        ("Energies over the iterations", tumor_charts.energies(found.energies), "wide"),
        ("Energies along the path", None if found.film is None else tumor_charts.along_path(found.film), ""),
        (moved, plots.displacement(view.images), ""),
    ]
    return {
        "place": place_sentence(view, view.centre),
        "overview": embed(tumor_pictures.overview(view), jpeg),
        "pairs": [embed(s, jpeg) for s in tumor_pictures.pairs(view)],
        "singles": [embed(s, jpeg) for s in tumor_pictures.singles(view)],
        "charts": [(title, embedded(png(f)), size) for title, f, size in charts if f is not None],
    }
