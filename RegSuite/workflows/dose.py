"""Accumulate the dose of a course of fractions, with the uncertainty of the deformation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from RegSuite.workflows.model import InputRole, OutputRole, View, Workflow, WorkflowParameters

if TYPE_CHECKING:
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose_result import DoseCourseResult
    from RegSuite.workflows.run import Run

INPUTS = (
    InputRole(
        "course",
        "course",
        "Course",
        "COURSE.yaml: planning scan, structures, fractions with their doses (docs/dose.md)",
        required=True,
    ),
)
_OF = {"of": "course"}
OUTPUTS = (
    OutputRole("planning", "image", "Planning image", "as it was read", **_OF),
    OutputRole("accumulated_dose", "dose", "Accumulated dose", "physical, Gy, on the planning axes", **_OF),
    OutputRole("accumulated_eqd2", "dose", "Accumulated EQD2", "with the default alpha/beta, Gy", **_OF),
    OutputRole("dose_mean", "dose", "Mean dose", "over the sampled deformations, Gy", **_OF),
    OutputRole("dose_sd", "dose", "SD of the dose", "over the sampled deformations, Gy", **_OF),
    OutputRole("dose_p05", "dose", "5th percentile", "of the dose over the samples, Gy", **_OF),
    OutputRole("dose_p95", "dose", "95th percentile", "of the dose over the samples, Gy", **_OF),
    OutputRole("marks", "labels", "Marks", "1 outside a dose grid, 2 folded, 4 undefined; summed", **_OF),
    OutputRole("dvh", "table", "DVH", "cumulative, with 5th and 95th percentile of volume", **_OF),
    OutputRole("dvh_metrics", "table", "DVH metrics", "with 5th, 50th and 95th percentile", **_OF),
    OutputRole("report", "report", "Report", "for people", **_OF),
    OutputRole("scene", "scene", "Scene", "everything placed and coloured, for 3D Slicer", **_OF),
)
VIEW = View(background="planning", foreground="accumulated_dose")


class DoseParameters(WorkflowParameters):
    """What `regsuite dose` can be told; what is given here takes the place of the course file's word.

    preset, parameters and limits are those of the registration and the limits file of the course.
    """

    method: str | None = Field(
        default=None, title="Method", description="that registers fractions without a transform"
    )
    mapping: Literal["ddm", "emt"] | None = Field(
        default=None,
        title="Mapping",
        description="ddm (direct dose mapping) or emt (energy/mass transfer; needs a density table)",
    )
    density_table: str | None = Field(
        default=None, title="Density table", description="CSV of hu,density; default for RegSuite's own"
    )
    uncertainty: Literal["laplace", "network", "ensemble", "none"] | None = Field(
        default=None, title="Uncertainty", description="source of the deformation's distribution"
    )
    model: str | None = Field(default=None, title="Model", description="file of the network")
    samples: int | None = Field(
        default=None, ge=2, le=10_000, title="Samples", description="deformations drawn for bands and maps"
    )
    correlation: Literal["independent", "same"] | None = Field(
        default=None, title="Correlation", description="of the deformation's errors between fractions"
    )
    alpha_beta: list[str] | None = Field(
        default=None,
        title="alpha/beta",
        description="for EQD2: a number for all structures, or NAME=NUMBER; may be repeated",
        json_schema_extra={"unit": "Gy"},
    )
    grid_mm: float | None = Field(
        default=None,
        gt=0,
        title="Grid",
        description="voxel of the accumulated dose; the finest fraction dose's if not given",
        json_schema_extra={"unit": "mm"},
    )
    metric: list[str] | None = Field(
        default=None,
        title="Metric",
        description="D95%, D2cc, V20Gy, gEUD(8), EQD2(D95%), ...; may be repeated",
    )
    folding: Literal["refuse", "mark"] | None = Field(
        default=None,
        title="Folding",
        description="what to do with a given transform that folds in a structure",
    )
    compare: bool = Field(
        default=True,
        title="Compare mappings",
        description="map the dose the other way as well (ddm and emt), and compare by gamma",
        json_schema_extra={"flags": "compare/--no-compare"},
    )
    dicom: bool = Field(
        default=False,
        title="DICOM",
        description="also write doses, registrations, structures and marks as DICOM, in the folder dicom",
        json_schema_extra={"flags": "dicom"},
    )

    def settings(self, course: Course) -> dict[str, Any]:
        """The keys of a course that these parameters replace."""
        plain = ("mapping", "density_table", "samples", "correlation", "grid_mm", "folding", "limits")
        out: dict[str, Any] = {n: getattr(self, n) for n in plain if getattr(self, n) is not None}
        if self.metric is not None:
            out["metrics"] = (*course.metrics, *self.metric)
        if self.uncertainty is not None or self.model is not None:
            source = self.uncertainty or "network"
            kept = course.uncertainty.model if source == "network" else None
            out["uncertainty"] = {"source": source, "model": self.model or kept}
        if self.alpha_beta is not None:
            before = {} if course.eqd2 is None else course.eqd2.alpha_beta_gy
            out["eqd2"] = {"alpha_beta_gy": {**before, **_alpha_beta(self.alpha_beta)}}
        if self.method is not None or self.preset is not None or self.parameters:
            own = course.registration
            out["registration"] = {
                "method": self.method or own.method,
                "preset": self.preset or own.preset,
                "parameters": {**own.parameters, **self.parameters},
            }
        return out


def _alpha_beta(texts: list[str]) -> dict[str, float]:
    """Values by structure name, `default` of those without a name."""
    from RegSuite.errors import InputError

    found = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            found[name or "default"] = float(number)
        except ValueError as error:
            raise InputError(
                f"{text!r} is no alpha/beta",
                where="alpha/beta",
                mend="give a number in Gy above 0, or NAME=NUMBER",
            ) from error
    return found


def dose(course: Any, **options: Any) -> DoseCourseResult:
    """Accumulate a course: a COURSE.yaml, a mapping of the same keys, or a Course.

    options: settings that replace the course's (mapping="emt", samples=200, uncertainty="none",
    alpha_beta=["3", "GTV=10"], ...; see DoseParameters), seed, device, threads; progress; scene (MRML, for
    `show`). The result has .images, .metrics, .warnings, .save(DIR), .export_dicom(DIR) and .show().
    Raises InputError for a course that cannot be accumulated, before anything is computed.
    """
    from RegSuite.workflows.now import run_now

    found: DoseCourseResult = run_now(WORKFLOW, {"course": course}, options)
    return found


def run_dose(inputs: Mapping[str, Any], parameters: DoseParameters, run: Run) -> DoseCourseResult:
    """The workflow; see workflows/dose_run.py for its steps."""
    from RegSuite.workflows.dose_run import accumulated

    return accumulated(inputs["course"], parameters, run)


WORKFLOW = Workflow(
    name="dose",
    summary="Accumulate the dose of a course of fractions, with the uncertainty of the deformation.",
    inputs=INPUTS,
    Parameters=DoseParameters,
    run=run_dose,
    outputs=OUTPUTS,
    view=VIEW,
)
