"""Result: what a registration gives to Python, and how it becomes a folder."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.geometry import Image
from RegSuite.io.write_image import WRITABLE, write_image
from RegSuite.methods.choice import linear_part
from RegSuite.report.folder import ResultFolder
from RegSuite.report.result import Result as ResultRecord
from RegSuite.workflows.scene import SCENE_FILE

if TYPE_CHECKING:
    from RegSuite.methods.base import Registration
    from RegSuite.quality.limits import Verdict
    from RegSuite.report.images import ReportImages
    from RegSuite.transforms.base import Transform
    from RegSuite.workflows.inputs import Pair
    from RegSuite.workflows.outputs import Outputs
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.scene import SceneContent

REPORT_FILE = "report.html"
LINEAR_FILE = "linear.tfm"
_PAIR_ROLES = ("fixed", "moving", "fixed_labels", "moving_labels", "fixed_points", "moving_points")


@dataclass(frozen=True, eq=False)
class Result:
    """A finished registration, in memory.

    transform: fixed points to moving points (LPS mm). metrics: as in result.json, absent where
    not computed. images: Image by the name of its file in a result folder (warped, jacobian,
    displacement, inverse_displacement, and warped_labels where moving labels were given).
    also: further images that are written beside these, by role. pair: the inputs as they were read.
    """

    registration: Registration
    outputs: Outputs
    pair: Pair
    run: Run
    verdicts: tuple[Verdict, ...]
    drawn: ReportImages
    report: bool = True
    scene: bool = True
    also: Mapping[str, Image] = field(default_factory=dict)
    _shown: list[Path] = field(default_factory=list, repr=False)

    @property
    def transform(self) -> Transform:
        """The whole map, fixed points to moving points."""
        return self.registration.transform

    @property
    def linear(self) -> Transform | None:
        """Its linear part alone; None where there is none."""
        return self.registration.linear

    @property
    def metrics(self) -> dict[str, Any]:
        """The measures of result.json, by its names."""
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
        """The images of the result folder by role."""
        return dict(self._images())

    @property
    def record(self) -> ResultRecord:
        """The content of result.json, without files."""
        return self.run.record(verdicts=list(self.verdicts))

    def save(self, folder: Path | str, *, overwrite: bool = False, report: bool = True) -> Path:
        """Write the result folder, with report.html unless `report` is False, and give its path.

        Raises OutputError for a folder that holds a result (unless `overwrite`) or cannot be
        written, DiskFull when the disk fills up: then nothing is left.
        """
        with ResultFolder(folder, overwrite=overwrite) as target:
            target.complete(replace(self, report=report).write(target.path, self.run))
        return Path(folder)

    def show(self) -> Path | None:
        """Show the result: in Slicer in the views, elsewhere as the report in the browser.

        Gives the report's path (in a temporary folder that stays until the process ends; `save`
        keeps it), None in Slicer.
        """
        import tempfile
        import webbrowser

        if self.run.scene is not None and self.run.scene.show(self.scene_content(self.record)):
            return None
        folder = Path(tempfile.mkdtemp(prefix="regsuite-report-"))
        path = folder / REPORT_FILE
        self._write_report(path)
        self._shown.append(folder)
        webbrowser.open(path.as_uri())
        return path

    def write(self, folder: Path, run: Run) -> ResultRecord:
        """Write all files into `folder` (result.json apart) and give the record that names them.

        The images are compressed in threads while the report is drawn.
        """
        images = self._images()
        files = {role: self._file_of(role) for role in images}
        files["linear"] = LINEAR_FILE
        linear_part(self.linear, self.transform.ndim).save(folder / LINEAR_FILE)
        files |= self._write_more(folder)
        with ThreadPoolExecutor(max_workers=max(run.threads, 1)) as pool:
            jobs = [pool.submit(write_image, image, folder / files[role]) for role, image in images.items()]
            if self.report:
                with run.stage("report", 0.86, 0.92):
                    files["report"] = REPORT_FILE
                    self._write_report(folder / REPORT_FILE, files)
            with run.stage("write", 0.92, 0.95):
                for job in jobs:
                    job.result()
        record = run.record(verdicts=list(self.verdicts), files=files)
        if self.scene and self._write_scene(record, folder, run):
            files["scene"] = SCENE_FILE
        return run.record(verdicts=list(self.verdicts), files=files)

    def scene_content(self, record: ResultRecord) -> SceneContent:
        """Inputs and outputs as an MRML scene shows them."""
        from RegSuite.workflows import get_workflow
        from RegSuite.workflows.scene import SceneContent

        return SceneContent(
            workflow=get_workflow(self.run.workflow),
            record=record,
            items={
                **{role: item for role, item in self._shown_beside().items() if item is not None},
                **self._images(),
                "displacement": self.outputs.displacement,
                "inverse_displacement": self.outputs.inverse,
                "linear": linear_part(self.linear, self.transform.ndim),
            },
            label_names=self.pair.label_names,
            centre_mm=self._centre_mm(),
            name=f"{_without_ending(self.pair.moving.name)} to {_without_ending(self.pair.fixed.name)}",
        )

    def _shown_beside(self) -> dict[str, Any]:
        """What a scene shows beside the result's images and transforms, by role; None where there is none."""
        return {role: getattr(self.pair, role) for role in _PAIR_ROLES}

    def _centre_mm(self) -> tuple[float, ...]:
        """Where views are centred (LPS)."""
        from RegSuite.report.view import View

        return View(self.drawn).centre.point_mm

    def _file_of(self, role: str) -> str:
        """The file of an image."""
        return f"{role}.nii.gz"

    def _write_more(self, folder: Path) -> dict[str, str]:
        """Files beside the images that a kind of result has, by role."""
        return {}

    def _write_scene(self, record: ResultRecord, folder: Path, run: Run) -> bool:
        """scene.mrb where MRML is at hand; else, and where it fails, a warning in its stead."""
        from RegSuite.workflows.scene import SceneError

        if run.scene is None:  # said after the report, which is about the registration
            run.warn("scene.mrb was not written: MRML is not at hand (pip install 'regsuite[slicer]')")
            return False
        try:
            with run.stage("scene", 0.95, 1.0):
                return run.scene.write(self.scene_content(record), folder / SCENE_FILE)
        except SceneError as error:
            run.warn(f"scene.mrb was not written: {error.what}")
            return False

    def _images(self) -> Mapping[str, Image]:
        out = self.outputs
        images = {
            "displacement": Image(
                out.displacement.displacement_mm, out.displacement.grid, name="displacement"
            ),
            "inverse_displacement": Image(
                out.inverse.displacement_mm, out.inverse.grid, name="inverse displacement"
            ),
            "warped": out.warped,
            "jacobian": out.jacobian,
        }
        labels = {} if out.warped_labels is None else {"warped_labels": out.warped_labels}
        return images | labels | dict(self.also)

    def _write_report(self, path: Path, files: Mapping[str, str] | None = None) -> None:
        from RegSuite.report import write_report

        write_report(path, self.run.record(verdicts=list(self.verdicts), files=dict(files or {})), self.drawn)


def _without_ending(name: str) -> str:
    """What a person calls an image: its file's name without the ending."""
    known = (*WRITABLE, ".nhdr", ".mhd", ".hdr", ".img", ".dcm", ".jpg")
    ending = next((e for e in known if name.lower().endswith(e)), "")
    return name[: len(name) - len(ending)] or name
