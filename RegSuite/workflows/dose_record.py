"""result.json's `dose` of an accumulated course: what was done, what was assumed, how good each step was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from RegSuite.io.unknown_dose import UNKNOWN

if TYPE_CHECKING:
    from RegSuite.workflows.dose_parts import FractionResult
    from RegSuite.workflows.dose_result import DoseCourseResult


OF_MAP = ("mean", "D95", "D2")


def dose_section(result: DoseCourseResult) -> dict[str, Any]:
    """The section; what does not apply is absent."""
    course = result.course
    out = {
        "mapping": course.mapping,
        "grid": {"size": result.grid.size, "spacing_mm": result.grid.spacing},
        "unknown_dose_in_files": UNKNOWN,
        "fraction_count": sum(f.count for f in result.fractions),
        "density_table": _density_words(result),
        "eqd2": None if course.eqd2 is None else {"alpha_beta_gy": dict(course.eqd2.alpha_beta_gy)},
        "assumptions": _assumptions(result),
        "sampling": _sampling(result),
        "calibration": _calibration(result),
        "calibration_doubts": _calibration_doubts(result),
        "fractions": [_fraction(f) for f in result.fractions],
        "structures": {dvh.name: _structure(dvh) for dvh in result.dvhs},
        "comparison": _comparison(result),
    }
    return {key: value for key, value in out.items() if value is not None}


def _density_words(result: DoseCourseResult) -> str | None:
    """Where the densities come from, where any were used."""
    from RegSuite.dose.mapping.density import DensityTable

    if result.course.mapping != "emt" and result.comparison is None:
        return None
    return (result.data.density or DensityTable.default()).source


def _assumptions(result: DoseCourseResult) -> list[str]:
    """What the numbers rest on, a sentence each."""
    course = result.course
    out = [
        "the fraction's dose is trilinear between voxel centres, held up to the outer voxel faces",
        "a voxel whose dose is not known in one fraction is not known in the sum; DVHs are of what is known",
        "nominal DVHs are those of the found deformations; bands are those of their sampled errors; both "
        "read the fractions' doses at points of the structures, so that a DVH of the map, which interpolates "
        "once more, is a little flatter (dose: structures: of_map)",
    ]
    if course.eqd2 is not None:
        out.append(
            "EQD2 is formed per fraction and tissue voxel, then summed; no repair, no repopulation, no time"
        )
    if result.probabilistic is not None:
        words = {
            "independent": "the deformation's errors of different fractions are independent",
            "same": "the deformation's errors of all fractions are the same draw",
        }
        out.append(words[course.correlation])
    return out


def _sampling(result: DoseCourseResult) -> dict[str, Any] | None:
    first = next((f.uncertainty for f in result.fractions if f.uncertainty is not None), None)
    if first is None:
        return None
    return {
        "source": first.source,
        "samples": result.course.samples,
        "correlation": result.course.correlation,
        "correlation_mm": first.correlation_mm,
        "percentiles": [5, 95],
    }


def _calibration(result: DoseCourseResult) -> dict[str, Any] | None:
    """What is known of the source's honesty; it is the same for every fraction."""
    first = next((f.uncertainty for f in result.fractions if f.uncertainty is not None), None)
    return None if first is None or first.calibration is None else first.calibration.to_dict()


def _calibration_doubts(result: DoseCourseResult) -> list[str] | None:
    from RegSuite.workflows.dose_calibration import calibration_doubts

    known = [f.uncertainty for f in result.fractions if f.uncertainty is not None]
    return calibration_doubts(result.course, result.fractions, known) or None


def _fraction(fraction: FractionResult) -> dict[str, Any]:
    out: dict[str, Any] = {"name": fraction.name, "fractions": fraction.count, **fraction.quality}
    if fraction.energy is not None:
        out["energy"] = dict(fraction.energy)
    return out


def _structure(dvh: Any) -> dict[str, Any]:
    """What its DVH rests on, and what `regsuite dvh` finds in the written map."""
    from RegSuite.dose.metrics import metric_value, parse_metric
    from RegSuite.workflows.dvh_result import basis_of

    of_map = {name: metric_value(parse_metric(name), dvh.histogram) for name in OF_MAP}
    return {**basis_of(dvh), "of_map": of_map}


def _comparison(result: DoseCourseResult) -> dict[str, Any] | None:
    found = result.comparison
    if found is None:
        return None
    return {
        "asked": found.asked,
        "other": found.other,
        "pass_rate_percent": found.pass_rate_percent,
        "difference": dict(found.figures),
        "percent": found.percent,
        "percent_is": "global",
        "distance_mm": found.distance_mm,
        "structures": {name: dict(values) for name, values in found.structures.items()},
    }
