"""report.html: one self-contained page a person wants to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.quality.limits import measure_of
from RegSuite.report.draw import embedded, png
from RegSuite.report.headline import headline
from RegSuite.report.page import rendered
from RegSuite.report.result import Result
from RegSuite.report.table import label_rows, metric_rows, other_metrics
from RegSuite.report.tiles import key_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from RegSuite.report.figures import Shown
    from RegSuite.report.images import ReportImages
    from RegSuite.report.view import Place, View


def write_report(
    path: Path | str, result: Result, pictures: ReportImages | None = None, *, command: str | None = None
) -> None:
    """Write the page of a result; without pictures (a failed run) the page has words alone.

    command: the command line that made the result, shown as the way to repeat it.
    The page is one file: pictures inside it, no address outside.
    """
    Path(path).write_text(report_html(result, pictures, command=command), encoding="utf-8")


def report_html(result: Result, pictures: ReportImages | None = None, *, command: str | None = None) -> str:
    """The page as text."""
    lengths = None
    if pictures is not None:
        from RegSuite.report.plots import displacement_lengths

        lengths = displacement_lengths(pictures)
    return rendered(
        "report.html.j2",
        result=result,
        content=result.to_dict(),
        headline=headline(result),
        tiles=[] if result.status == "failed" else key_numbers(result, lengths),
        rows=metric_rows(result),
        others=other_metrics(result),
        labels=label_rows(result, {} if pictures is None else pictures.label_names),
        command=command,
        **_pictures(result, pictures),
    )


@dataclass(frozen=True)
class Embedded:
    """A picture as the template wants it; before is None where there is none."""

    name: str
    title: str
    caption: str
    before: str | None
    after: str


def _pictures(result: Result, pictures: ReportImages | None) -> dict[str, Any]:
    """All pictures, drawn and embedded."""
    if pictures is None:
        return {
            **dict.fromkeys(("comparisons", "originals", "single", "plots"), ()),
            "dice_plot": None,
            "place": "",
        }
    from RegSuite.report import comparisons, figures, plots
    from RegSuite.report.view import View

    view = View(pictures)
    single = [figures.worst_place(view), figures.deformation(view), figures.jacobian(view)]
    drawn_plots = [
        ("Convergence", plots.convergence(pictures.convergence)),
        ("Displacement", plots.displacement(pictures)),
    ]
    dice_plot = _dice_plot(result, pictures)
    return {
        "comparisons": [embed(s) for s in comparisons.comparisons(view)],
        "originals": [embed(s) for s in comparisons.originals(view)],
        "single": [embed(s) for s in single if s is not None],
        "plots": [(title, embedded(png(figure))) for title, figure in drawn_plots if figure is not None],
        "dice_plot": None if dice_plot is None else embedded(png(dice_plot)),
        "dice_drawn": plots.MOST_LABELS,
        "place": place_sentence(view, view.centre),
    }


def embed(shown: Shown, encode: Callable[[Figure], bytes] = png) -> Embedded:
    """The picture with its drawings as addresses inside a page."""
    before = None if shown.before is None else embedded(encode(shown.before))
    return Embedded(shown.name, shown.title, shown.caption, before, embedded(encode(shown.after)))


def _dice_plot(result: Result, pictures: ReportImages) -> Any | None:
    """Dice by label, before and after, from the result and the labels drawn."""
    from RegSuite.quality.dice import dice
    from RegSuite.report.plots import dice_by_label

    after = {int(k): float(v) for k, v in (result.metrics.get("dice") or {}).items() if str(k).isdigit()}
    before: dict[int, float] = {}
    if pictures.fixed_labels is not None and pictures.before_labels is not None:
        before = dice(pictures.fixed_labels, pictures.before_labels).values
    limit = next((v.limit for v in result.verdicts if measure_of(v) == "dice"), None)
    return dice_by_label(before, after, pictures.label_names, limit)


def place_sentence(view: View, place: Place) -> str:
    """Where the pictures are cut, how they hang, and how far the grid is tilted."""
    at = ", ".join(f"{v:.0f}" for v in place.point_mm)
    plane = view.planes[0]
    if view.grid.ndim == 2:
        return "Shown along the image's own axes, x to the right and y down (LPS)."
    names = ", ".join(p.name for p in view.planes)
    tilt = (
        f" The grid is oblique: planes follow its axes, up to {plane.tilt_degrees:.0f}° from the patient's."
        if plane.tilt_degrees > 1
        else ""
    )
    return (
        f"{names.capitalize()} through {place.why} (LPS {at} mm), in radiological convention: "
        f"the patient's left (L) is on the right of axial and coronal planes.{tilt}"
    )
