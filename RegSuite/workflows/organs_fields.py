"""From a drift of points to the deformation of both volumes, and what is warped by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from RegSuite.geometry import Image
from RegSuite.methods.base import Registration
from RegSuite.transforms import DisplacementTransform
from RegSuite.workflows.outputs import warp_image, warp_labels

if TYPE_CHECKING:
    from RegSuite.pointcloud.field import CloudFields, FieldChecks
    from RegSuite.pointcloud.result import Drift
    from RegSuite.workflows.organs_parameters import CloudParameters
    from RegSuite.workflows.organs_prepare import Prepared
    from RegSuite.workflows.organs_refine import RefinedFields
    from RegSuite.workflows.run import Run


@dataclass(frozen=True, eq=False)
class Dense:
    """displacement: target to source on the target's grid; inverse: source to target on the source's.

    warped, before: the source's scan through it, and as it lies, on the target's grid; None without a scan.
    warped_labels, before_labels: likewise, None without a map. organs_at: label of each target voxel that
    moves as an organ, None where no organ's place is known. refined: where the scans had a say.
    """

    displacement: DisplacementTransform
    inverse: DisplacementTransform
    jacobian: Image
    sd_mm: Image
    organs_at: Image | None
    checks: FieldChecks | None
    warped: Image | None
    before: Image | None
    warped_labels: Image | None
    before_labels: Image | None
    refined: Registration | None = None


def dense(prepared: Prepared, drift: Drift, parameters: CloudParameters, run: Run) -> Dense:
    """The fields of a drift; with `refine`, then of a registration of the scans that starts there."""
    from RegSuite.pointcloud.field import cloud_fields

    source, target = prepared.source, prepared.target
    with run.stage("field", 0.5, 0.68) as progress:
        maps = [
            None if cloud.labels is None else _known(cloud.labels, prepared) for cloud in (source, target)
        ]
        fields = cloud_fields(drift, source.grid, target.grid, maps[0], maps[1], progress)
    run.notes.extend(fields.notes)
    for sentence in fields.warnings:
        run.warn(sentence)
    forward, inverse, jacobian = fields.backward, fields.forward, fields.jacobian
    refined = None
    if getattr(parameters, "refine", False):
        found = _refined(prepared, fields, run)
        refined = Registration(found.backward, drift.start.inverse(), notes=found.notes)
        forward, inverse, jacobian = found.backward, found.forward, found.jacobian
    known = prepared.model is not None and (maps[0] is not None or maps[1] is not None)
    scan, field = source.side.image, forward.displacement_mm
    labels = source.labels
    return Dense(
        displacement=forward,
        inverse=inverse,
        jacobian=jacobian,
        sd_mm=fields.sd_mm,
        organs_at=fields.target_labels if known else None,
        checks=None if refined is not None else fields.checks,
        warped=None if scan is None else warp_image(scan, target.grid, field),
        before=None if scan is None else warp_image(scan, target.grid, None),
        warped_labels=None if labels is None else warp_labels(labels, target.grid, field),
        before_labels=None if labels is None else warp_labels(labels, target.grid, None),
        refined=refined,
    )


def _known(labels: Image, prepared: Prepared) -> Image:
    """The label map with the organs of the model alone."""
    from RegSuite.workflows.organs_grids import renumbered

    assert prepared.model is not None  # label maps come with organs
    return renumbered(labels, {organ.label: organ.label for organ in prepared.model.organs})


def _refined(prepared: Prepared, fields: CloudFields, run: Run) -> RefinedFields:
    """`deformable` on the scans from where the organs ended, on each organ for itself."""
    from RegSuite.workflows.organs_refine import refined_by_organ

    fixed, moving = prepared.target.side.image, prepared.source.side.image
    assert fixed is not None  # both were looked at when they were read
    assert moving is not None
    fixed = warp_image(fixed, prepared.target.grid, None)
    moving = warp_image(moving, prepared.source.grid, None)
    with run.stage("refine", 0.68, 0.76) as progress:
        found = refined_by_organ(fields, fixed, moving, run.device, progress)
    run.notes.extend(found.notes)
    for sentence in found.warnings:
        run.warn(sentence)
    return found
