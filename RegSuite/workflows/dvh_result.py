"""The result of `dvh`: tables, result.json, report."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.report.folder import ResultFolder
from RegSuite.report.result import Result as ResultRecord

if TYPE_CHECKING:
    from RegSuite.dose.dvh import StructureDvh
    from RegSuite.dose.metrics import Fractionation, Metric
    from RegSuite.geometry import DoseImage
    from RegSuite.report.dvh_page import DvhPage
    from RegSuite.workflows.dvh import DvhParameters
    from RegSuite.workflows.run import Run

DVH_FILE = "dvh.csv"
METRICS_FILE = "dvh_metrics.csv"
REPORT_FILE = "report.html"


@dataclass(frozen=True, eq=False)
class DvhResult:
    """DVHs in memory. found: one of each structure. metrics: what was asked for, in order."""

    dose: DoseImage
    found: tuple[StructureDvh, ...]
    asked: tuple[Metric, ...]
    fractionations: Mapping[str, Fractionation]
    parameters: DvhParameters
    run: Run

    @cached_property
    def metrics(self) -> dict[str, dict[str, float]]:
        """{structure: {metric: value}}; what a structure cannot have (D2cc of 1 cc) is absent."""
        from RegSuite.dose.metrics import metric_value

        out: dict[str, dict[str, float]] = {}
        for dvh in self.found:
            values = {
                m.name: metric_value(m, dvh.histogram, self.fractionations.get(dvh.name)) for m in self.asked
            }
            out[dvh.name] = {name: value for name, value in values.items() if value is not None}
        return out

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must not trust, one sentence each."""
        return tuple(self.run.warnings)

    def curve(self, name: str) -> tuple[Any, Any, Any]:
        """Dose in Gy, volume in percent of what is covered, and in cc, as dvh.csv has them."""
        histogram = next(d for d in self.found if d.name == name).histogram
        width = self.parameters.bin_width_gy
        largest = histogram.max_gy if histogram.covered_cc > 0 else 0.0
        dose = width * np.arange(int(np.floor(max(largest, 0.0) / width)) + 2, dtype=np.float64)
        volume = np.asarray(histogram.volume_cc_at(dose))
        percent = 100 * volume / histogram.covered_cc if histogram.covered_cc > 0 else np.zeros_like(dose)
        return dose, percent, volume

    def save(self, folder: Path | str, *, overwrite: bool = False, report: bool = True) -> Path:
        """Write the result folder and give its path. Raises OutputError, DiskFull."""
        with ResultFolder(folder, overwrite=overwrite) as target:
            target.complete(self._write(target.path, report))
        return Path(folder)

    def write(self, folder: Path, run: Run) -> ResultRecord:
        """Write all files into `folder` (result.json apart) and give the record that names them."""
        return self._write(folder, self.parameters.report)

    def _write(self, folder: Path, report: bool) -> ResultRecord:
        files = {"dvh": DVH_FILE, "dvh_metrics": METRICS_FILE}
        with self.run.stage("write", 0.95, 1.0):
            self._write_curves(folder / DVH_FILE)
            self._write_metrics(folder / METRICS_FILE)
        if report:
            from RegSuite.report.dvh_page import write_dvh_page

            files["report"] = REPORT_FILE
            write_dvh_page(folder / REPORT_FILE, self._page(), self._record(files))
        return self._record(files)

    def _page(self) -> DvhPage:
        """What the report shows."""
        from RegSuite.report.dvh_page import DvhLine, DvhPage

        lines = [
            DvhLine(d.name, *self.curve(d.name)[:2], self.metrics[d.name], d.region.structure.colour)
            for d in self.found
        ]
        return DvhPage(lines, [(m.name, m.unit) for m in self.asked], self.warnings)

    def _record(self, files: Mapping[str, str]) -> ResultRecord:
        self.run.metrics["dvh"] = self.metrics
        return self.run.record(files=dict(files), dose=self.basis())

    def basis(self) -> dict[str, Any]:
        """What the DVHs rest on, as result.json states it under `dose`."""
        return {
            "bin_width_gy": self.parameters.bin_width_gy,
            "interpolation": "trilinear between voxel centres, held up to the outer voxel faces",
            "outside_the_grid": "excluded",
            "structure_rule": "partial volume: lines exact along themselves, cut finer until volume, D95, "
            "D50 and D5 settle",
            "end_slices": self.parameters.end_slices,
            "dose_type": self.dose.dose_type,
            "structures": {dvh.name: basis_of(dvh) for dvh in self.found},
        }

    def _write_curves(self, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["structure", "dose_gy", "volume_percent", "volume_cc"])
            for dvh in self.found:
                for dose, percent, volume in zip(*self.curve(dvh.name), strict=True):
                    writer.writerow([dvh.name, f"{dose:.6g}", f"{percent:.5f}", f"{volume:.6g}"])

    def _write_metrics(self, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["structure", "metric", "unit", "value"])
            for name, values in self.metrics.items():
                for metric in self.asked:
                    if metric.name in values:
                        writer.writerow([name, metric.name, metric.unit, f"{values[metric.name]:.6g}"])


def basis_of(dvh: StructureDvh) -> dict[str, Any]:
    """What a structure's DVH rests on, as result.json has it."""
    stack = dvh.region.stack
    return {
        "volume_cc": dvh.histogram.volume_cc,
        "covered_percent": 100 * dvh.histogram.coverage,
        "rule": dvh.region.rule,
        "slices": None if stack is None else len(stack.planes),
        "slice_distance_mm": None if stack is None or len(stack.planes) < 2 else stack.distance_mm,
        "step_mm": dvh.step_mm,
        "oversampling": dvh.oversampling,
        "last_change_percent": None if dvh.change is None else 100 * dvh.change,
        "settled": dvh.settled,
    }
