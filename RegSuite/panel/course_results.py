"""What the panel shows after a course was accumulated: metrics, and what the views are to show."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from RegSuite.errors import OutputError
from RegSuite.panel.course_result_box import CourseResultBox
from RegSuite.panel.dose_view_box import DoseViewBox
from RegSuite.panel.node_run import RunEnd
from RegSuite.panel.result_frame import REPORT
from RegSuite.panel.shown_result import ShownResult
from RegSuite.panel.steps import Work

DICOM = "dicom"


class CourseResults(ShownResult):
    """Result box and ways to see the dose over the planning scan, with DVHs beside."""

    result: CourseResultBox
    view: DoseViewBox

    def __init__(self) -> None:
        super().__init__(CourseResultBox(), DoseViewBox())
        self.result.on_report = self.open_report
        self.result.on_dicom = self._export_dicom
        self.result.on_views = self.show_in_views
        self.view.on_map = self._show_map
        self.view.on_isodoses = self._show_isodoses
        self.view.on_structures = self._show_structures
        self.view.on_marks = self._show_marks
        self.view.on_fraction = self._show_fraction

    def fill(self, end: RunEnd) -> Work:
        """Metrics against their limits."""
        from RegSuite.mrml.dose_tables import metric_rows
        from RegSuite.mrml.make import columns_of

        path = end.folder / "dvh_metrics.csv"
        rows = metric_rows(columns_of(path), end.record.verdicts)
        yield None
        self.result.show(
            end.record,
            end.order.name,
            rows,
            end.notes,
            report=(end.folder / REPORT).is_file(),
            dicom=(end.folder / DICOM).is_dir(),
        )

    def offer(self, nodes: dict[str, Any]) -> None:
        """Maps, isodoses, structures and fractions, as far as there are nodes for them."""
        from RegSuite.mrml.dose_layout import WASH

        browser = nodes.get("fractions")
        count = 0 if browser is None else int(browser.GetNumberOfItems())
        self.view.show(nodes, opacity=WASH, fractions=count if count > 1 else 0)

    def _show_map(self, role: str, opacity: float) -> None:
        from RegSuite.mrml.dose_layout import show_isodoses, show_map

        show_map(self.nodes(), role, opacity)
        if not self.view.boxes["isodoses"].checked:
            show_isodoses(self.nodes(), False)

    def _show_isodoses(self, on: bool) -> None:
        from RegSuite.mrml.dose_layout import show_isodoses

        show_isodoses(self.nodes(), on)

    def _show_structures(self, on: bool) -> None:
        from RegSuite.mrml.dose_layout import show_structures

        show_structures(self.nodes(), on)

    def _show_marks(self, on: bool) -> None:
        node = self.nodes().get("marks")
        if node is not None:
            node.GetDisplayNode().SetVisibility(on)

    def _show_fraction(self, number: int | None) -> None:
        """A fraction's scan and dose on the planning grid, or (None) all of them together."""
        from RegSuite.mrml.dose_layout import show_fraction, show_map

        if number is None:
            show_map(self.nodes(), "accumulated_dose", self.view.opacity.value / 100)
        else:
            show_fraction(self.nodes(), number, self.view.opacity.value / 100)

    def _export_dicom(self) -> None:
        """Copy the DICOM files of the result into a folder that the user chooses; none is replaced."""
        if self.shown is None:
            return
        chosen = qt.QFileDialog.getExistingDirectory(None, _("Folder for the DICOM files"))
        if not chosen:
            return
        try:
            count = _copied(self.shown.folder / DICOM, Path(str(chosen)))
        except (OSError, OutputError) as error:
            slicer.util.errorDisplay(_("Nothing more was written: {error}").format(error=error))
            return
        words = _("{n} DICOM files were written to {folder}").format(n=count, folder=chosen)
        self.result.facts.text = words


def _copied(source: Path, target: Path) -> int:
    """Copy files into a folder; how many. Raises OutputError where one of that name is there."""
    files = sorted(path for path in source.iterdir() if path.is_file())
    there = [path.name for path in files if (target / path.name).exists()]
    if there:
        raise OutputError(f"{there[0]} is there already", where=str(target), mend="choose an empty folder")
    for path in files:
        shutil.copy2(path, target / path.name)
    return len(files)
