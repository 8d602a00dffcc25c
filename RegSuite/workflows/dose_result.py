"""DoseCourseResult: what an accumulated course gives to Python, the report and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.report.folder import ResultFolder
from RegSuite.report.result import Result as ResultRecord
from RegSuite.workflows.scene import SCENE_FILE

if TYPE_CHECKING:
    from RegSuite.dose.dvh import StructureDvh
    from RegSuite.dose.sampling.probabilistic import ProbabilisticDose
    from RegSuite.geometry import Grid, Image, Structure
    from RegSuite.quality.limits import Verdict
    from RegSuite.report.dose_content import DoseMetric
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose import DoseParameters
    from RegSuite.workflows.dose_data import CourseData
    from RegSuite.workflows.dose_parts import Curve, FractionResult, MappingComparison
    from RegSuite.workflows.dose_shelf import Shelf
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.scene import SceneContent

REPORT_FILE = "report.html"
DICOM_FOLDER = "dicom"


@dataclass(frozen=True, eq=False)
class DoseCourseResult:
    """An accumulated course, in memory (fractions' arrays are memory-mapped temporary files).

    dose: accumulated physical dose in Gy on the accumulation grid, NaN where any fraction is marked. eqd2:
    {alpha/beta: accumulated EQD2}, the default first, empty without `eqd2`. marks: the fractions' bits
    together. probabilistic: mean, SD, percentiles and sampled DVHs, None where there is no uncertainty.
    dvhs: of the map `dose`. curves, rows: of the doses at points of the structures, as dvh.csv,
    dvh_eqd2.csv and dvh_metrics.csv have them.
    """

    course: Course
    data: CourseData
    fractions: tuple[FractionResult, ...]
    dose: Image
    eqd2: Mapping[float, Image]
    marks: Image
    probabilistic: ProbabilisticDose | None
    dvhs: tuple[StructureDvh, ...]
    curves: tuple[Curve, ...]
    rows: tuple[DoseMetric, ...]
    comparison: MappingComparison | None
    verdicts: tuple[Verdict, ...]
    parameters: DoseParameters
    run: Run
    shelf: Shelf
    _shown: list[Path] = field(default_factory=list, repr=False)

    @property
    def planning(self) -> Image:
        """The planning image as it was read."""
        return self.data.planning

    @property
    def grid(self) -> Grid:
        """The accumulation grid, on which all doses lie."""
        return self.data.grid

    @property
    def structures(self) -> tuple[Structure, ...]:
        """The structures that have a volume."""
        return tuple(region.structure for region in self.data.regions)

    @property
    def metrics(self) -> dict[str, Any]:
        """The measures of result.json: dvh {structure: {metric: value}}, dvh_bands, jacobian."""
        return self.run.metrics

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must not trust, one sentence each."""
        return tuple(self.run.warnings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided and why, one sentence each."""
        return tuple(self.run.notes)

    @property
    def images(self) -> dict[str, Image]:
        """The images of the result folder by role; doses NaN where they are not known."""
        from RegSuite.workflows.dose_files import images_of

        return images_of(self)

    @property
    def record(self) -> ResultRecord:
        """The content of result.json, without files."""
        return self._record({})

    def curve(self, structure: str, kind: str = "physical") -> Curve:
        """A structure's cumulative DVH; kind "eqd2" of its EQD2. Raises KeyError where there is none."""
        found = next((c for c in self.curves if (c.structure, c.kind) == (structure, kind)), None)
        if found is None:
            raise KeyError(f"{kind} DVH of {structure}")
        return found

    def save(self, folder: Path | str, *, overwrite: bool = False, report: bool = True) -> Path:
        """Write the result folder and give its path. Raises OutputError, DiskFull."""
        with ResultFolder(folder, overwrite=overwrite) as target:
            target.complete(self._write(target.path, report))
        return Path(folder)

    def export_dicom(self, folder: Path | str) -> dict[str, str]:
        """Dose, registrations, structures, marks as DICOM in a new folder: {file name: SOP instance UID}."""
        from RegSuite.workflows.dose_dicom import export

        return export(self, Path(folder))

    def show(self) -> Path | None:
        """Show the result: in Slicer in the views, elsewhere as the report in the browser.

        Gives the report's path (in a temporary folder that stays until the process ends), None in Slicer.
        """
        import tempfile
        import webbrowser

        if self.run.scene is not None and self.run.scene.show(self.scene_content(self.record)):
            return None
        folder = Path(tempfile.mkdtemp(prefix="regsuite-report-"))
        self._write_report(folder / REPORT_FILE, self.record)
        self._shown.append(folder)
        webbrowser.open((folder / REPORT_FILE).as_uri())
        return folder / REPORT_FILE

    def write(self, folder: Path, run: Run) -> ResultRecord:
        """Write all files into `folder` (result.json apart) and give the record that names them."""
        return self._write(folder, self.parameters.report)

    def scene_content(self, record: ResultRecord) -> SceneContent:
        """Inputs and outputs as an MRML scene shows them."""
        from RegSuite.workflows.dose_scene import scene_content

        return scene_content(self, record)

    def _write(self, folder: Path, report: bool) -> ResultRecord:
        from RegSuite.workflows.dose_files import write_files
        from RegSuite.workflows.dose_scene import write_scene

        with self.run.stage("write", 0.92, 0.96):
            files = write_files(self, folder)
        if self.parameters.dicom:
            with self.run.stage("dicom", 0.96, 0.97):
                self.export_dicom(folder / DICOM_FOLDER)
            files["dicom"] = DICOM_FOLDER
        if report:
            with self.run.stage("report", 0.97, 0.98):
                files["report"] = REPORT_FILE
                self._write_report(folder / REPORT_FILE, self._record(files))
        if self.parameters.scene and write_scene(self, self._record(files), folder):
            files["scene"] = SCENE_FILE
        return self._record(files)

    def _record(self, files: Mapping[str, str]) -> ResultRecord:
        from RegSuite.workflows.dose_record import dose_section

        return self.run.record(verdicts=list(self.verdicts), files=dict(files), dose=dose_section(self))

    def _write_report(self, path: Path, record: ResultRecord) -> None:
        from RegSuite.report.dose_page import write_dose_page
        from RegSuite.workflows.dose_hand_over import page_of

        write_dose_page(path, page_of(self), record)
