"""From a shot to a result: its images, its metrics, its verdicts and doubts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from RegSuite.geometry import Image
from RegSuite.workflows.limits import verdicts_on
from RegSuite.workflows.outputs import make_outputs, warp_labels
from RegSuite.workflows.quality import measure_anatomy, measure_fields, report_images
from RegSuite.workflows.similarity import covered_by, similarity_metric
from RegSuite.workflows.tumor_doubts import doubts
from RegSuite.workflows.tumor_measures import (
    change_metrics,
    dice_outside,
    energy_metrics,
    label_shares,
    motion_metrics,
    range_of,
)
from RegSuite.workflows.tumor_method import no_change
from RegSuite.workflows.tumor_result import TumorResult

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.methods.shooting.shot import Shot
    from RegSuite.quality import Limits
    from RegSuite.workflows.outputs import Outputs
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.tumor import TumorParameters
    from RegSuite.workflows.tumor_run import Prepared

COMPARED_BY = "ncc"


@dataclass(frozen=True, eq=False)
class Found:
    """What a shot makes of the template, on the target's grid.

    outputs: `warped` is the final image. deformed: by the transform alone. change: intensity added.
    start_mm: displacement of the start, None for the identity. tumor: uint8 by voxel, None where none is
    known. counted: bool, target voxels that lie in the template before and after, and in the brain mask.
    """

    outputs: Outputs
    deformed: Image
    change: Image
    start_mm: Tensor | None
    tumor: Tensor | None
    counted: Tensor

    @property
    def region(self) -> Tensor | None:
        """Where the tumour is, bool."""
        return None if self.tumor is None else self.tumor > 0


def measured(
    shot: Shot, prepared: Prepared, limits: Limits, parameters: TumorParameters, run: Run
) -> TumorResult:
    """The result, with everything measured that the inputs allow."""
    pair = prepared.given.pair
    with run.stage("quality", 0.78, 0.86):
        found = _found(shot, prepared)
        measure_fields(found.outputs, pair, run)
        measure_anatomy(shot, found.outputs, pair, run)
        _measure_similarity(found, prepared, run)
        run.metrics["tumor"] = _tumor_metrics(shot, found, prepared)
        for name, value in shot.extra.items():
            run.metrics.setdefault(name, value)
        for sentence in doubts(run.metrics, shot.energies, pair.label_names):
            run.warn(sentence)
        verdicts = verdicts_on(run.metrics, limits, pair.fixed.grid)
    return TumorResult(
        registration=shot,
        outputs=found.outputs,
        pair=pair,
        run=run,
        verdicts=verdicts,
        drawn=report_images(shot, found.outputs, prepared.before, found.start_mm, pair, COMPARED_BY),
        report=parameters.report,
        scene=parameters.scene,
        also=_images(found, prepared),
        shot=shot,
        prepared=prepared,
        parameters=parameters,
        before_labels=_labels_before(found, prepared),
        mask_origin=prepared.weight.origin,
    )


def _found(shot: Shot, prepared: Prepared) -> Found:
    """The images of a shot, on CPU."""
    pair, grid = prepared.given.pair, prepared.target.grid
    outputs = make_outputs(shot.transform, pair.fixed, pair.moving, pair.moving_labels)
    deformed = replace(outputs.warped, name="deformed template")
    change = shot.intensity_change or no_change(grid, pair.moving.channels)
    change = Image(change.data.float().cpu(), grid, name="intensity change")
    final = replace(deformed, data=deformed.data + change.data, name="final image")
    counted = prepared.covered & covered_by(pair.moving.grid, grid, outputs.displacement.displacement_mm)
    start = prepared.start.transform
    return Found(
        outputs=replace(outputs, warped=final),
        deformed=deformed,
        change=change,
        start_mm=None if start is None else start.displacement(grid),
        tumor=prepared.weight.tumor,
        counted=counted if pair.fixed.mask is None else counted & pair.fixed.mask.cpu(),
    )


def _images(found: Found, prepared: Prepared) -> dict[str, Image]:
    """What is written beside the images of any registration."""
    out = {
        "deformed": found.deformed,
        "intensity_change": found.change,
        "matched_target": replace(prepared.target, mask=None, name="matched target", path=None),
    }
    if found.tumor is not None:
        out["mask"] = Image(found.tumor[None], prepared.target.grid, name="tumour")
    return out


def _labels_before(found: Found, prepared: Prepared) -> Image | None:
    """The template's labels at the start."""
    labels = prepared.given.pair.moving_labels
    return None if labels is None else warp_labels(labels, prepared.target.grid, found.start_mm)


def _measure_similarity(found: Found, prepared: Prepared, run: Run) -> None:
    """By the deformation alone, outside of the tumour."""
    region = found.region
    where = found.counted if region is None else found.counted & ~region
    target = prepared.target.with_mask(where)
    measure = similarity_metric(COMPARED_BY, target, prepared.before, found.deformed, found.counted)
    if measure:
        run.metrics["similarity"] = measure


def _tumor_metrics(shot: Shot, found: Found, prepared: Prepared) -> dict[str, Any]:
    """metrics: tumor, of result.json."""
    pair, region = prepared.given.pair, found.region
    images = {
        "target": prepared.target,
        "before": prepared.before,
        "deformed": found.deformed,
        "final": found.outputs.warped,
    }
    out = change_metrics(images, region, found.counted, range_of(pair.moving)) | energy_metrics(shot)
    if region is not None:
        moved = found.outputs.displacement.displacement_mm
        deformation = moved if found.start_mm is None else moved - found.start_mm
        out |= motion_metrics(deformation, pair.fixed.grid, region, found.counted)
        out |= _measured_labels(found.outputs, prepared, region)
    if shot.path is not None:
        out["path_times"] = list(shot.path.times)
    return out


def _measured_labels(outputs: Outputs, prepared: Prepared, region: Tensor) -> dict[str, object]:
    """What of the labels lies in the tumour, and their Dice outside of it."""
    warped, target = outputs.warped_labels, prepared.given.pair.fixed_labels
    if warped is None:
        return {}
    shares: dict[str, object] = {"labels": label_shares(warped, region)}
    return shares if target is None else {**shares, **dice_outside(target, warped, region)}
