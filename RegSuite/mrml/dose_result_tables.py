"""Of an accumulated course: DVHs as charts, metrics as a table, fractions in a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from RegSuite.mrml import display
from RegSuite.mrml.dose_display import highest, show_dose
from RegSuite.mrml.dose_made import BROWSER, CHARTS, PLANNING, STRUCTURES, Made
from RegSuite.mrml.dose_tables import metrics_table
from RegSuite.mrml.dose_volumes import mark_dose
from RegSuite.mrml.dvh_charts import dvh_chart_in_steps, lines_of_table, nodes_of_chart
from RegSuite.mrml.fraction_browser import browser_in_steps, nodes_of_browser
from RegSuite.mrml.make import columns_of
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.structure_reading import colours_of_segmentation


def tables_in_steps(made: Made) -> Steps[None]:
    """The DVHs as a chart, and the metrics with their limits."""
    structures = made.by_role.get(STRUCTURES)
    named = structures is not None and structures.IsA("vtkMRMLSegmentationNode")
    colours = colours_of_segmentation(structures) if named else {}
    for role, (chart_role, words, title) in CHARTS.items():
        table = made.content.item(role)
        if table is not None:
            columns = _columns(table)
            yield
            lines = lines_of_table(columns)
            yield
            chart = yield from dvh_chart_in_steps(made.name(words), lines, colours, dose_title=title)
            made.take(chart_role, *nodes_of_chart(chart))
            yield
    metrics = made.content.item("dvh_metrics")
    if metrics is not None:
        target = made.targets.get("dvh_metrics")
        verdicts = made.content.record.verdicts
        made.take(
            "dvh_metrics", metrics_table(_columns(metrics), verdicts, made.name("dose metrics"), target)
        )


def _columns(table: Any) -> Mapping[str, Sequence[Any]]:
    """A table's columns by name, of a file or as they are."""
    return table if isinstance(table, Mapping) else columns_of(table)


def fractions_in_steps(made: Made) -> Steps[None]:
    """The browser of the fractions, their doses on the scale of their own highest."""
    items = {"image": "fraction_images", "dose": "fraction_doses"}
    parts = {title: made.content.item(role) for title, role in items.items()}
    there: dict[str, Sequence[Any]] = {title: images for title, images in parts.items() if images}
    if not there:
        return
    browser, shown = yield from browser_in_steps(made.name("fractions"), there)
    if "image" in shown:
        planning = made.by_role.get(PLANNING)
        seen = shown["image"] if planning is None else planning
        display.show_grey(shown["image"], display.shown_window(seen))
    if "dose" in shown:
        top = highest(
            [image.values if hasattr(image, "values") else image.data.numpy() for image in there["dose"]]
        )
        show_dose(shown["dose"], top, title="Fraction dose (Gy)")
        mark_dose(shown["dose"])
    made.take(BROWSER, *nodes_of_browser(browser))
