"""Gamma of two doses, in the whole and by structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from RegSuite.errors import DoseError
from RegSuite.workflows.model import InputRole, OutputRole, RunParameters, View, Workflow

if TYPE_CHECKING:
    from RegSuite.dose.gamma import Gamma, GammaCriteria
    from RegSuite.geometry import DoseImage, Structure
    from RegSuite.workflows.gamma_result import GammaResult
    from RegSuite.workflows.run import Run

FEW_VOXELS = 50
"""Under so many judged voxels a pass rate says little."""


class GammaParameters(RunParameters):
    """What `regsuite gamma` can be told."""

    percent: float = Field(
        default=3.0,
        gt=0,
        title="Dose difference",
        description="that is accepted",
        json_schema_extra={"unit": "%"},
    )
    distance_mm: float = Field(
        default=2.0,
        gt=0,
        title="Distance to agreement",
        description="that is accepted",
        json_schema_extra={"unit": "mm"},
    )
    local: bool = Field(
        default=False,
        title="Local",
        description="the percentage is of the reference dose at each voxel, not of one dose for all",
        json_schema_extra={"flags": "local/--global"},
    )
    cutoff: float = Field(
        default=10.0,
        ge=0,
        lt=100,
        title="Low-dose cut-off",
        description="reference voxels with less are not judged",
        json_schema_extra={"unit": "%"},
    )
    percent_of: str = Field(
        default="max",
        title="Percent of",
        description="what percentages (and the cut-off) are of: max (of the reference dose), or a dose in Gy",
    )
    max_gamma: float = Field(
        default=2.0, gt=0, title="Largest gamma", description="where the search ends; values are capped there"
    )
    interpolation: Literal["linear", "none"] = Field(
        default="linear",
        title="Interpolation",
        description="of the evaluated dose; none compares voxel centres",
    )
    dose_unit: str | None = Field(
        default=None, title="Dose unit", description="of doses that are no DICOM: Gy (if not given), cGy, mGy"
    )
    end_slices: Literal["half", "tapered", "none"] = Field(
        default="half",
        title="End slices",
        description="contours reach half a slice beyond their end slices, tapering or not, or end in them",
    )
    structures_space: Literal["LPS", "RAS"] = Field(
        default="LPS", title="Space of structures", description="of the coordinates of .vtp and .stl files"
    )

    @field_validator("percent_of")
    @classmethod
    def _max_or_gy(cls, value: str) -> str:
        if value != "max" and not _positive(value):
            raise ValueError("give max or a dose in Gy above 0")
        return value

    def criteria(self) -> GammaCriteria:
        """As the engine takes them."""
        from RegSuite.dose.gamma import GammaCriteria

        return GammaCriteria(
            percent=self.percent,
            distance_mm=self.distance_mm,
            local=self.local,
            cutoff_percent=self.cutoff,
            normalisation_gy=None if self.percent_of == "max" else float(self.percent_of),
            max_gamma=self.max_gamma,
            interpolated=self.interpolation == "linear",
        )


def _positive(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


INPUTS = (
    InputRole(
        "reference", "dose", "Reference dose", "what is to be met; its voxels are judged", required=True
    ),
    InputRole(
        "evaluated", "dose", "Evaluated dose", "what is judged; searched around each voxel", required=True
    ),
    InputRole("structures", "structures", "Structures", "for pass rates of their own"),
    InputRole("structure_names", "table", "Structure names", "CSV of file,name, or of label,name"),
)
OUTPUTS = (
    OutputRole("gamma", "image", "Gamma", "on the reference grid; -1 where it is not judged", of="reference"),
    OutputRole("report", "report", "Report", "for people", of="reference"),
)


def run_gamma(inputs: Mapping[str, Any], parameters: GammaParameters, run: Run) -> GammaResult:
    """The workflow: read both doses, search, count."""
    from RegSuite.dose.gamma import gamma
    from RegSuite.workflows.dose_inputs import read_the_dose, read_the_structures, values_of
    from RegSuite.workflows.gamma_result import GammaResult
    from RegSuite.workflows.reproducible import reproducible

    run.method = "gamma"
    run.device = "cpu"  # the kernels are the processor's
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, 0.2):
            reference = read_the_dose(inputs["reference"], "reference", parameters.dose_unit, run)
            evaluated = read_the_dose(inputs["evaluated"], "evaluated", parameters.dose_unit, run)
            _check_frames(reference, evaluated, run)
            structures: Sequence[Structure] = ()
            if inputs.get("structures") is not None:
                names, space = inputs.get("structure_names"), parameters.structures_space
                structures = read_the_structures(inputs["structures"], names, space, reference, run)
        with run.stage("gamma", 0.2, 0.85):
            found = gamma(
                values_of(reference),
                reference.image.grid,
                values_of(evaluated),
                evaluated.image.grid,
                parameters.criteria(),
            )
        with run.stage("structures", 0.85, 0.95):
            rates = _rates(structures, reference, found, parameters, run)
    if found.outside:
        run.warn(
            f"the evaluated dose does not reach {found.outside} reference voxels above the cut-off: they are "
            "not judged"
        )
    return GammaResult(reference, found, rates, parameters, run)


def _check_frames(reference: DoseImage, evaluated: DoseImage, run: Run) -> None:
    """Refuse doses of different frames of reference; warn where physical meets effective dose."""
    one, other = reference.frame_of_reference, evaluated.frame_of_reference
    if one and other and one != other:
        raise DoseError(
            f"the doses lie in different frames of reference ({one} and {other})",
            where="gamma",
            mend="resample one dose into the other's frame (`regsuite warp`), and give that",
        )
    if reference.dose_type != evaluated.dose_type:
        run.warn(f"a {reference.dose_type} dose is compared with a {evaluated.dose_type} one")


def _rates(
    structures: Sequence[Structure], reference: DoseImage, found: Gamma, parameters: GammaParameters, run: Run
) -> dict[str, dict[str, float]]:
    """{structure: {pass_rate_percent, judged_cc}}, each voxel with the share of it that is inside."""
    from RegSuite.dose.region import region_of
    from RegSuite.dose.voxel_volumes import voxel_volumes_cc
    from RegSuite.errors import GeometryError

    rates, few = {}, []
    grid = reference.image.grid
    for structure in structures:
        try:
            region = region_of(structure, grid, parameters.end_slices, single_mm=float(grid.spacing[2]))
        except GeometryError as error:
            run.warn(f"structure {structure.name!r} is left out: {error.what}")
            continue
        volume = voxel_volumes_cc(region, grid) * found.judged
        total = float(volume.sum())
        if not total > 0:
            run.warn(f"no judged voxel lies in structure {structure.name!r}")
            continue
        passed = float(volume[np.nan_to_num(found.values, nan=np.inf) <= 1].sum())
        rates[structure.name] = {"pass_rate_percent": 100 * passed / total, "judged_cc": total}
        if total < FEW_VOXELS * grid.voxel_volume / 1000:
            few.append(structure.name)
    if few:
        run.warn(
            f"fewer than {FEW_VOXELS} voxels are judged in {', '.join(few)}: their pass rates say little"
        )
    return rates


WORKFLOW = Workflow(
    name="gamma",
    summary="Gamma of two doses: how well they agree in dose and in space.",
    inputs=INPUTS,
    Parameters=GammaParameters,
    run=run_gamma,
    outputs=OUTPUTS,
    view=View(background="reference", foreground="gamma"),
)
