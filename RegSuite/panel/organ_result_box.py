"""Registered organs at a glance: verdict, warnings, a row an organ, buttons."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from RegSuite.panel.organ_headline import headline_of
from RegSuite.panel.organ_rows_table import OrganRowsTable, organ_results, text_of
from RegSuite.panel.result_frame import ButtonWords, ResultFrame, word_label
from RegSuite.panel.tones import plain, together

if TYPE_CHECKING:
    from RegSuite.report.result import Result

MOST_WARNINGS = 4


class OrganResultBox:
    """`widget` goes into the panel, hidden until `show`. on: functions by button: report, views, copy."""

    def __init__(self) -> None:
        self.points = word_label("pointsLabel")
        self.table = OrganRowsTable()
        self._frame = ResultFrame(
            "organResultBox", [self.table.widget, self.points], _buttons(), MOST_WARNINGS
        )
        self.widget, self.on, self.buttons = self._frame.widget, self._frame.on, self._frame.buttons
        self.verdict, self.warnings, self.facts = (
            self._frame.verdict,
            self._frame.warnings,
            self._frame.facts,
        )

    def show(self, record: Result, name: str, notes: Sequence[str] = (), *, report: bool = True) -> None:
        """Show a result. notes: what the panel has to add; report: is there one."""
        head = headline_of(record)
        rows = organ_results(record.metrics)
        self.table.show(rows)
        self.points.text = points_text(record)
        self.points.visible = bool(self.points.text)
        self.buttons["report"].enabled = report
        mind = [*record.warnings, *notes]
        parts = [f"RegSuite: {name}", f"{head.title}. {head.sentence}", plain(self.points.text)]
        text = "\n".join([*filter(None, parts), text_of(rows), *mind])
        self._frame.show(record, name, head, notes, text)

    def clear(self) -> None:
        """Show nothing."""
        self._frame.clear()
        self.table.clear()
        self.points.text = ""


def points_text(record: Result) -> str:
    """Rich text: landmarks before and after, and what share of the points found a partner."""
    parts = []
    before, after = record.metrics.get("tre_before_mm") or {}, record.metrics.get("tre_mm") or {}
    if "mean" in before and "mean" in after:
        words = _("landmarks: {was:.1f} mm before, <b>{now:.1f} mm</b> after (mean; largest {most:.1f} mm)")
        parts.append(
            words.format(was=before["mean"], now=after["mean"], most=after.get("max", after["mean"]))
        )
    share = (record.metrics.get("drift") or {}).get("inlier_share")
    if share is not None:
        words = _("{share:.0f} % of the target's points found a partner")
        parts.append(escape(words.format(share=100 * share)))
    return together(" · ".join(parts))


def _buttons() -> list[ButtonWords]:
    views = _("Target scan and organs in the slices, the organs within those of the target in 3D")
    return [
        ButtonWords("report", _("Open the report"), _("The whole report, with pictures of every organ")),
        ButtonWords("views", _("Show in the views"), views),
        ButtonWords("copy", _("Copy"), _("Copy the measures as text")),
    ]
