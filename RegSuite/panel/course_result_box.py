"""An accumulated course at a glance: what the limits say, what must not be trusted, the metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from RegSuite.panel.metric_table import MetricTable, text_of
from RegSuite.panel.result_frame import ButtonWords, ResultFrame, nothing

if TYPE_CHECKING:
    from RegSuite.report.result import Result


MOST_WARNINGS = 4
"""So many are shown at once; the others are folded away."""


class CourseResultBox:
    """Verdict, warnings, metrics and buttons. `widget` goes into the panel, hidden until `show`.

    on_report, on_dicom, on_views: called by the buttons.
    """

    def __init__(self) -> None:
        self.on_report: Callable[[], None] = nothing
        self.on_dicom: Callable[[], None] = nothing
        self.on_views: Callable[[], None] = nothing
        self.table = MetricTable()
        self._frame = ResultFrame("courseResultBox", [self.table.widget], _buttons(), MOST_WARNINGS)
        self._frame.on |= {
            "report": lambda: self.on_report(),
            "dicom": lambda: self.on_dicom(),
            "views": lambda: self.on_views(),
        }
        self.widget, self.verdict, self.warnings = (
            self._frame.widget,
            self._frame.verdict,
            self._frame.warnings,
        )
        self.facts, self.more = self._frame.facts, self._frame.more
        self.report_button, self.dicom_button, self.views_button, self.copy_button = (
            self._frame.buttons.values()
        )

    def show(
        self,
        record: Result,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        notes: Sequence[str] = (),
        *,
        report: bool = True,
        dicom: bool = True,
    ) -> None:
        """Show a result. rows: of its metrics; report, dicom: whether the folder holds these."""
        from RegSuite.report.dose_headline import dose_headline

        with_bands: Any = SimpleNamespace(spread=any(row["p05"] is not None for row in rows))
        head = dose_headline(with_bands, record)
        self.table.show(rows)
        self.report_button.enabled = report
        self.dicom_button.enabled = dicom
        mind = [*record.warnings, *notes]
        text = "\n".join([f"RegSuite: {name}", f"{head.title}. {head.sentence}", text_of(rows), *mind])
        self._frame.show(record, name, head, notes, text)

    def clear(self) -> None:
        """Show nothing."""
        self._frame.clear()
        self.table.clear()

    def copy(self) -> None:
        """Put the result, as text, on the clipboard."""
        self._frame.copy()


def _buttons() -> list[ButtonWords]:
    return [
        ButtonWords("report", _("Open report"), _("The whole report, with pictures")),
        ButtonWords(
            "dicom",
            _("Export DICOM"),
            _("Copy dose, registrations and structures as DICOM into a folder"),
        ),
        ButtonWords("views", _("Show in the views"), _("Dose over the planning scan, DVHs")),
        ButtonWords("copy", _("Copy"), _("Copy the metrics as text")),
    ]
