"""CloudResult: what a registration of organs or points gives to Python, the report and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.geometry import Image, PointSet
from RegSuite.io.points import write_points
from RegSuite.methods.choice import linear_part
from RegSuite.workflows.inputs import Pair
from RegSuite.workflows.organs_tables import (
    registered_points,
    write_correspondences,
    write_names,
    write_organs,
    write_registered,
)
from RegSuite.workflows.outputs import Outputs
from RegSuite.workflows.result import Result

if TYPE_CHECKING:
    from RegSuite.methods.base import Registration
    from RegSuite.pointcloud.result import Drift
    from RegSuite.quality.limits import Verdict
    from RegSuite.report.result import Result as ResultRecord
    from RegSuite.workflows.organs_fields import Dense
    from RegSuite.workflows.organs_measures import MovedLandmarks
    from RegSuite.workflows.organs_parameters import CloudParameters
    from RegSuite.workflows.organs_prepare import Prepared
    from RegSuite.workflows.organs_surfaces import Meshes
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.scene import SceneContent

UNCERTAINTY_FILE = "uncertainty_mm.nii.gz"
REGISTERED_FILE = "registered.csv"
CORRESPONDENCES_FILE = "correspondences.csv"
ORGANS_FILE = "organs.csv"
NAMES_FILE = "warped_labels.csv"
LANDMARKS_FILE = "moved_points.csv"


@dataclass(frozen=True, eq=False, kw_only=True)
class CloudResult(Result):
    """A finished registration of clouds, in memory.

    transform: target points to source points (LPS mm), as for any registration; `drift` holds the map from
    source to target, by organ, with its covariance. images: by role, `warped` and `warped_labels` where a
    scan and a label map were given, `uncertainty` in mm. landmarks: pairs that the registration did not see.
    """

    drawn: Any = None
    prepared: Prepared
    drift: Drift
    found: Dense
    landmarks: MovedLandmarks | None
    parameters: CloudParameters
    _meshes: list[Meshes] = field(default_factory=list, repr=False)
    _written: list[Path] = field(default_factory=list, repr=False)

    @classmethod
    def of(
        cls,
        *,
        registration: Registration,
        prepared: Prepared,
        drift: Drift,
        found: Dense,
        landmarks: MovedLandmarks | None,
        verdicts: tuple[Verdict, ...],
        parameters: CloudParameters,
        run: Run,
    ) -> CloudResult:
        """From what the steps of the workflow found."""
        names = prepared.names if prepared.model is not None else {}
        return cls(
            registration=registration,
            outputs=Outputs(
                found.displacement, found.inverse, found.warped or found.jacobian, found.jacobian
            ),
            pair=Pair(_image(prepared.target, found), _image(prepared.source, found), label_names=names),
            run=run,
            verdicts=verdicts,
            report=parameters.report,
            scene=parameters.scene,
            prepared=prepared,
            drift=drift,
            found=found,
            landmarks=landmarks,
            parameters=parameters,
        )

    @property
    def registered(self) -> PointSet:
        """The source cloud moved: T(source)."""
        return registered_points(self.drift)

    @property
    def meshes(self) -> Meshes:
        """Surfaces of the organs, made once; empty in 2D, of points, and where vtk is missing."""
        if not self._meshes:
            from RegSuite.workflows.organs_surfaces import meshes_of

            self._meshes.append(meshes_of(self.prepared, self.drift))
        return self._meshes[0]

    def _images(self) -> Mapping[str, Image]:
        out = dict(super()._images())
        if self.found.warped is None:
            del out["warped"]
        if self.found.warped_labels is not None:
            out["warped_labels"] = self.found.warped_labels
        return {**out, "uncertainty": self.found.sd_mm}

    def _file_of(self, role: str) -> str:
        return UNCERTAINTY_FILE if role == "uncertainty" else super()._file_of(role)

    def _write_more(self, folder: Path) -> dict[str, str]:
        self._written[:] = [folder]
        write_registered(self.drift, folder / REGISTERED_FILE)
        write_correspondences(self.drift, folder / CORRESPONDENCES_FILE)
        files = {"registered": REGISTERED_FILE, "correspondences": CORRESPONDENCES_FILE}
        if self.prepared.model is not None:
            write_organs(self.metrics, folder / ORGANS_FILE)
            files["organs"] = ORGANS_FILE
        if self.found.warped_labels is not None:
            write_names(self.prepared.names, folder / NAMES_FILE)
            files["label_names"] = NAMES_FILE
        if self.landmarks is not None:
            source = self.landmarks.source
            moved = PointSet(self.landmarks.moved, source.labels, source.names, name="moved landmarks")
            write_points(moved, folder / LANDMARKS_FILE)
            files["moved_points"] = LANDMARKS_FILE
        return files | self.meshes.write(folder)

    def _shown_beside(self) -> dict[str, Any]:
        source, target = self.prepared.source, self.prepared.target
        shown: dict[str, Any] = {"registered": self.registered}
        if self.run.workflow == "points":
            shown |= {"source": source.points, "target": target.points}
        landmarks = "landmarks" if self.run.workflow == "points" else "points"
        for cloud in (source, target):
            side = cloud.side
            shown |= {
                f"{side.role}_image": side.image,
                f"{side.role}_labels": cloud.labels,
                f"{side.role}_{landmarks}": side.landmarks,
            }
        if self.landmarks is not None:
            shown["moved_points"] = PointSet(
                self.landmarks.moved, names=self.landmarks.source.names, name="moved landmarks"
            )
        for role, item in self.meshes.items(self._written).items():
            shown[role] = item
        return shown

    def scene_content(self, record: ResultRecord) -> SceneContent:
        """Inputs and outputs as an MRML scene shows them."""
        from RegSuite.workflows import get_workflow
        from RegSuite.workflows.scene import SceneContent

        source, target = self.prepared.source.side, self.prepared.target.side
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
            name=f"{_stem(source.name)} to {_stem(target.name)}",
        )

    def _centre_mm(self) -> tuple[float, ...]:
        """The middle of the target cloud."""
        return tuple(float(v) for v in self.prepared.target.points.points.mean(axis=0))

    def _write_report(self, path: Path, files: Mapping[str, str] | None = None) -> None:
        from RegSuite.report.organs_page import write_organs_page
        from RegSuite.workflows.organs_hand_over import page_of

        record = self.run.record(verdicts=list(self.verdicts), files=dict(files or {}))
        write_organs_page(path, page_of(self), record)


def _image(cloud: Any, found: Dense) -> Image:
    """What stands for a side where a result needs an image of it: its scan, its organs, or a grid."""
    image = cloud.side.image or cloud.labels or found.jacobian
    return Image(image.data, image.grid, name=cloud.side.name)


def _stem(name: str) -> str:
    return name.split(".")[0] or name
