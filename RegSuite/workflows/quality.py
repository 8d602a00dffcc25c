"""From a registration to a result: its images, its metrics, its verdicts, what the report draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.report.images import ReportImages
from RegSuite.similarity import ONE_MODALITY, SIMILARITY_NAMES
from RegSuite.workflows.limits import verdicts_on
from RegSuite.workflows.metrics import field_metrics, label_metrics, point_metrics
from RegSuite.workflows.outputs import Outputs, make_outputs, warp_image, warp_labels
from RegSuite.workflows.result import Result
from RegSuite.workflows.similarity import covered_by, similarity_metric

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image
    from RegSuite.methods.base import Registration
    from RegSuite.methods.choice import Choice
    from RegSuite.quality import Limits
    from RegSuite.transforms.base import Transform
    from RegSuite.workflows.inputs import Pair
    from RegSuite.workflows.register import RegisterParameters
    from RegSuite.workflows.run import Run


def measured(
    registration: Registration,
    pair: Pair,
    initial: Transform | None,
    choice: Choice,
    limits: Limits,
    parameters: RegisterParameters,
    run: Run,
) -> Result:
    """The result of a registration, with everything measured that the inputs allow."""
    with run.stage("quality", 0.78, 0.86):
        outputs = make_outputs(registration.transform, pair.fixed, pair.moving, pair.moving_labels)
        start = None if initial is None else initial.displacement(pair.fixed.grid)
        before = warp_image(pair.moving, pair.fixed.grid, start)
        run.metrics.update(registration.extra)
        measure_fields(outputs, pair, run)
        _measure_similarity(choice, outputs, before, start, pair, run)
        measure_anatomy(registration, outputs, pair, run)
        verdicts = verdicts_on(run.metrics, limits, pair.fixed.grid)
    return Result(
        registration=registration,
        outputs=outputs,
        pair=pair,
        run=run,
        verdicts=verdicts,
        drawn=report_images(registration, outputs, before, start, pair, measure_name(choice)),
        report=parameters.report,
        scene=parameters.scene,
    )


def measure_name(choice: Choice) -> str:
    """The measure by which before and after are compared: the method's own, else mutual information."""
    for field in ("similarity", "measure"):
        name = getattr(choice.parameters, field, None)
        if name in SIMILARITY_NAMES:
            return str(name)
    return "mi"


def measure_fields(outputs: Outputs, pair: Pair, run: Run) -> None:
    """Jacobian and inverse residual over the fixed mask; a warning where they cannot be measured."""
    try:
        run.metrics.update(
            field_metrics(outputs.displacement, outputs.inverse, outputs.jacobian.data[0], pair.fixed.mask)
        )
    except InputError as error:  # no voxel of the mask reaches the moving image: measured is what remains
        run.warn(f"inverse and Jacobian were not measured: {error.what}")


def _measure_similarity(
    choice: Choice, outputs: Outputs, before: Image, start: Tensor | None, pair: Pair, run: Run
) -> None:
    """Before and after over the voxels for which both have data in the moving image."""
    grids = pair.moving.grid, pair.fixed.grid
    covered = covered_by(*grids, outputs.displacement.displacement_mm)
    both = covered & covered_by(*grids, start)
    if not bool(both.any()):
        run.warn("before, the images did not overlap: the similarity before is not measured")
        return
    found = similarity_metric(measure_name(choice), pair.fixed, before, outputs.warped, both)
    if found:
        run.metrics["similarity"] = found


def measure_anatomy(registration: Registration, outputs: Outputs, pair: Pair, run: Run) -> None:
    """Overlap of labels and distance of landmarks, where both sides have them."""
    if pair.fixed_labels is not None and outputs.warped_labels is not None:
        metrics, warnings = label_metrics(pair.fixed_labels, outputs.warped_labels, dict(pair.label_names))
        run.metrics.update(metrics)
        for sentence in warnings:
            run.warn(sentence)
    if pair.fixed_points is not None and pair.moving_points is not None:
        run.metrics.update(point_metrics(registration.transform, pair.fixed_points, pair.moving_points))


def report_images(
    registration: Registration,
    outputs: Outputs,
    before: Image,
    start: Tensor | None,
    pair: Pair,
    measure: str,
) -> ReportImages:
    """What the report draws."""
    labels: dict[str, Any] = {}
    if pair.fixed_labels is not None:
        labels["fixed_labels"] = pair.fixed_labels.data[0]
    if pair.moving_labels is not None and outputs.warped_labels is not None:
        labels["before_labels"] = warp_labels(pair.moving_labels, pair.fixed.grid, start).data[0]
        labels["warped_labels"] = outputs.warped_labels.data[0]
    return ReportImages(
        grid=pair.fixed.grid,
        fixed=pair.fixed.data,
        before=before.data,
        warped=outputs.warped.data,
        displacement_mm=outputs.displacement.displacement_mm,
        jacobian=outputs.jacobian.data[0],
        mask=pair.fixed.mask,
        label_names=dict(pair.label_names),
        convergence=registration.convergence,
        comparable=measure in ONE_MODALITY,
        fixed_name=pair.fixed.name,
        moving_name=pair.moving.name,
        **labels,
    )
