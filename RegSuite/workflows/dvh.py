"""Dose-volume histograms of structures in a dose, with their metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from RegSuite.errors import DoseError, InputError
from RegSuite.workflows.model import InputRole, OutputRole, RunParameters, View, Workflow

if TYPE_CHECKING:
    from RegSuite.dose.dvh import StructureDvh
    from RegSuite.dose.metrics import Fractionation, Metric
    from RegSuite.geometry import DoseImage, Structure
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.dvh_result import DvhResult
    from RegSuite.workflows.run import Run

FEW_SLICES = 10
"""Under so many planes the slice rule decides the volume as much as the contours do."""
WHOLE = ("PLAN", "MULTI_PLAN", "PLAN_OVERVIEW", "RECORD")
"""DoseSummationTypes of a whole plan, or of more."""
COVERED = 0.9995
"""A structure whose share within the dose grid is below this is warned of."""


class DvhParameters(RunParameters):
    """What `regsuite dvh` can be told."""

    metric: list[str] | None = Field(
        default=None,
        title="Metric",
        description="D95%, D2cc, V20Gy, V20Gycc, gEUD(8), EQD2, EQD2(D95%), BED(...), ...; may be repeated",
    )
    bin_width_gy: float = Field(
        default=0.1,
        gt=0,
        title="Bin width",
        description="of dvh.csv; metrics are read from bins 50 times finer",
        json_schema_extra={"unit": "Gy"},
    )
    end_slices: Literal["half", "tapered", "none"] = Field(
        default="half",
        title="End slices",
        description="contours reach half a slice beyond their end slices, tapering or not, or end in them",
    )
    alpha_beta: list[str] | None = Field(
        default=None,
        title="alpha/beta",
        description="for EQD2 and BED: a number for all structures, or NAME=NUMBER; may be repeated",
        json_schema_extra={"unit": "Gy"},
    )
    fractions: float | None = Field(
        default=None,
        gt=0,
        title="Fractions",
        description="for EQD2 and BED: how many equal fractions the dose holds",
    )
    dose_unit: str | None = Field(
        default=None, title="Dose unit", description="of a dose that is no DICOM: Gy (if not given), cGy, mGy"
    )
    structures_space: Literal["LPS", "RAS"] = Field(
        default="LPS", title="Space of structures", description="of the coordinates of .vtp and .stl files"
    )


INPUTS = (
    InputRole("dose", "dose", "Dose", "RT Dose, or an image in Gy", required=True),
    InputRole(
        "structures",
        "structures",
        "Structures",
        "RT Structure Set, label map, or folder of closed surfaces or contours (.vtp, .stl)",
        required=True,
    ),
    InputRole("structure_names", "table", "Structure names", "CSV of file,name, or of label,name"),
)
OUTPUTS = (
    OutputRole("dvh", "table", "DVH", "cumulative, by structure", of="dose"),
    OutputRole("dvh_metrics", "table", "DVH metrics", "by structure", of="dose"),
    OutputRole("report", "report", "Report", "for people", of="dose"),
)


def run_dvh(inputs: Mapping[str, Any], parameters: DvhParameters, run: Run) -> DvhResult:
    """The workflow: read, cut each structure finer until it settles, read the metrics off."""
    from RegSuite.dose.metrics import ALWAYS, parse_metric
    from RegSuite.workflows.dose_inputs import read_the_dose, read_the_structures
    from RegSuite.workflows.dvh_result import DvhResult
    from RegSuite.workflows.reproducible import reproducible

    asked = dict.fromkeys((*ALWAYS, *(parameters.metric or ())))
    metrics = tuple(parse_metric(name) for name in asked)
    run.method = "lines"
    run.device = run.device if run.device.startswith("cuda") else "cpu"  # the sums need float64
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, 0.2):
            dose = read_the_dose(inputs["dose"], "dose", parameters.dose_unit, run)
            _check_kind(dose, metrics, run)
            names = inputs.get("structure_names")
            space = parameters.structures_space
            structures = read_the_structures(inputs["structures"], names, space, dose, run)
        fractionations = fractionation_by_name(metrics, parameters, structures)
        with run.stage("dvh", 0.2, 0.95) as progress:
            found = _all(structures, dose, parameters, progress, run)
    warn_of_structures(found, run)
    return DvhResult(dose, tuple(found), metrics, fractionations, parameters, run)


def _check_kind(dose: DoseImage, metrics: Sequence[Metric], run: Run) -> None:
    """Refuse to convert an effective dose once more; warn of a dose that is a part of the plan's."""
    wanting = [m.name for m in metrics if m.effective]
    if wanting and dose.dose_type == "EFFECTIVE":
        raise DoseError(
            f"{wanting[0]} of a dose that is EFFECTIVE already",
            where="dose",
            mend="give the physical dose, or ask for physical metrics",
        )
    if dose.summation not in (None, *WHOLE):
        run.warn(f"the dose is that of a {dose.summation}, not of the whole plan")


def fractionation_by_name(
    metrics: Sequence[Metric], parameters: DvhParameters, structures: Sequence[Structure]
) -> dict[str, Fractionation]:
    """Fractions and alpha/beta of each structure; empty where no metric asks for them.

    Raises InputError for what is missing or names a structure that is not there.
    """
    from RegSuite.dose.metrics import Fractionation

    names = [s.name for s in structures]
    default, given = _alpha_beta(parameters.alpha_beta or (), names)
    wanting = [m.name for m in metrics if m.effective]
    if not wanting:
        return {}
    lacking = [name for name in names if name not in given] if default is None else []
    if parameters.fractions is None or lacking:
        what = "the number of fractions" if parameters.fractions is None else f"alpha/beta of {lacking[0]!r}"
        raise InputError(
            f"{wanting[0]} needs {what}",
            where="metric",
            mend="give --fractions N and --alpha-beta GY (for all), or --alpha-beta NAME=GY",
        )
    return {name: Fractionation(parameters.fractions, given.get(name, default or 0.0)) for name in names}


def _alpha_beta(texts: Sequence[str], names: Sequence[str]) -> tuple[float | None, dict[str, float]]:
    """The value for all (None if not given), and those by structure."""
    default, given = None, {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not 0 < value < float("inf"):
            raise InputError(
                f"{text!r} is no alpha/beta", where="alpha/beta", mend="give a number above 0, or NAME=NUMBER"
            )
        if name in ("", "default"):
            default = value
        elif name in names:
            given[name] = value
        else:
            raise InputError(
                f"there is no structure {name!r}",
                where="alpha/beta",
                mend="structures: " + ", ".join(names[:20]),
            )
    return default, given


def _all(
    structures: Sequence[Structure], dose: DoseImage, parameters: DvhParameters, progress: Progress, run: Run
) -> list[StructureDvh]:
    """A DVH for each structure that has a volume; the others are left out with a warning."""
    from RegSuite.dose.dvh import structure_dvh
    from RegSuite.errors import GeometryError
    from RegSuite.workflows.dose_inputs import values_of

    values, grid = values_of(dose), dose.image.grid
    found, reasons = [], []
    for number, structure in enumerate(structures):
        progress(number / len(structures), f"dvh {structure.name}", {})
        try:
            dvh = structure_dvh(
                structure,
                values,
                grid,
                bin_width_gy=parameters.bin_width_gy,
                end_slices=parameters.end_slices,
                device=run.device,
            )
        except GeometryError as error:
            reasons.append(error)
            run.warn(f"structure {structure.name!r} is left out: {error.what}")
            continue
        found.append(dvh)
    if not found:
        raise reasons[0]
    return found


def warn_of_structures(found: Sequence[StructureDvh], run: Run) -> None:
    """One sentence for each kind of doubt, with the structures it is about."""
    few = [f"{d.name} ({d.region.slices})" for d in found if (d.region.slices or FEW_SLICES) < FEW_SLICES]
    if few:
        run.warn(
            f"drawn on fewer than {FEW_SLICES} slices: {', '.join(few)}; the slice rule decides their volume "
            "and doses as much as the contours do"
        )
    gaps = [d.name for d in found if d.region.stack is not None and d.region.stack.gaps]
    if gaps:
        run.warn(f"slices are missing in {', '.join(gaps)}: the parts on both sides are not joined")
    short = [d for d in found if d.histogram.coverage < COVERED]
    if short:
        words = ", ".join(f"{d.name} ({100 * d.histogram.coverage:.3g} % within)" for d in short)
        run.warn(
            f"the dose grid does not cover {words}; what lies outside is excluded, and percentages are of "
            "the rest"
        )
    rough = [f"{d.name} ({100 * d.change:.2g} %)" for d in found if not d.settled and d.change is not None]
    if rough:
        run.warn(f"still changing when cut finer: {', '.join(rough)}")


WORKFLOW = Workflow(
    name="dvh",
    summary="Dose-volume histograms of structures in a dose, with their metrics.",
    inputs=INPUTS,
    Parameters=DvhParameters,
    run=run_dvh,
    outputs=OUTPUTS,
    view=View(background="dose", foreground=None),
)
