"""The first thing to run: a phantom made from nothing, registered, and compared with its known truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from RegSuite.workflows.model import OutputRole, Workflow
from RegSuite.workflows.register import OUTPUTS, VIEW, RegisterParameters, run_register

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.workflows.result import Result
    from RegSuite.workflows.run import Run

MAX_DISPLACEMENT_MM = 8.0


def run_demo(_inputs: Mapping[str, Any], parameters: RegisterParameters, run: Run) -> Result:
    """Make the brain phantom, register it, and add `truth_error_mm` over the brain to the metrics."""
    from RegSuite.phantoms import brain_phantom
    from RegSuite.workflows.reproducible import reproducible

    with run.stage("phantom", 0.0, 0.02), reproducible(run.threads, run.seed, "cpu"):
        run.say("making a brain phantom: a head drawn from formulas, and its copy under a known deformation")
        phantom = brain_phantom(max_displacement_mm=MAX_DISPLACEMENT_MM, seed=run.seed)
    inputs = {
        "fixed": phantom.fixed,
        "moving": phantom.moving,
        "fixed_labels": phantom.fixed_labels,
        "moving_labels": phantom.moving_labels,
        "label_names": phantom.label_names,
    }
    result = run_register(inputs, parameters, run)
    truth, brain = phantom.displacement, phantom.fixed_labels
    if truth is None or brain is None:
        return result
    found = result.outputs.displacement.displacement_mm
    error = truth_error_mm(found, truth.data, brain.data[0] > 0)
    run.metrics["truth_error_mm"] = error
    before = truth_error_mm(found * 0, truth.data, brain.data[0] > 0)
    run.say(
        f"mean distance from the true deformation in the brain: {error['mean']:.2f} mm "
        f"(before the registration {before['mean']:.2f} mm)"
    )
    also = {
        "fixed": phantom.fixed,
        "moving": phantom.moving,
        "fixed_labels": brain,
        "truth_displacement": truth,
    }
    return replace(result, also=also)


def truth_error_mm(found_mm: Tensor, truth_mm: Tensor, where: Tensor) -> dict[str, float]:
    """|found - truth| of two displacements [d, *shape] over the voxels in `where`: {mean, p95, max}, mm."""
    import numpy as np

    error = (found_mm - truth_mm).norm(dim=0)[where].double().numpy()
    return {"mean": float(error.mean()), "p95": float(np.percentile(error, 95)), "max": float(error.max())}


WORKFLOW = Workflow(
    name="demo",
    summary="Register a phantom, without any data, and write a report to look at.",
    inputs=(),
    Parameters=RegisterParameters,
    run=run_demo,
    outputs=(
        *OUTPUTS,
        OutputRole("fixed", "image", "Fixed image", "the phantom"),
        OutputRole("moving", "image", "Moving image", "its deformed copy", of="moving"),
        OutputRole("fixed_labels", "labels", "Fixed labels", "of the phantom"),
        OutputRole(
            "truth_displacement", "displacement", "True transform", "what was to be found", of="moving"
        ),
    ),
    view=VIEW,
)
