"""One fraction from its image to its dose on the accumulation grid, with its quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.workflows.dose_compare import other_mapping
from RegSuite.workflows.dose_deformation import found_deformation
from RegSuite.workflows.dose_doubts import doubt_direction
from RegSuite.workflows.dose_inputs import values_of
from RegSuite.workflows.dose_parts import FractionResult
from RegSuite.workflows.dose_quality import field_quality, warn_of_marks
from RegSuite.workflows.dose_uncertainty import deformation_uncertainty

if TYPE_CHECKING:
    from RegSuite.dose.mapping.accumulate import DoseSum
    from RegSuite.dose.mapping.mapped import MappedDose
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.geometry import Grid, Image
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.dose_data import CourseData, FractionData
    from RegSuite.workflows.dose_deformation import FoundDeformation
    from RegSuite.workflows.dose_shelf import Shelf
    from RegSuite.workflows.run import Run

REGISTERED = 0.6
"""Share of a fraction's time up to the found deformation; then its uncertainty, then its dose."""
UNSURE = 0.9


def run_fraction(
    fraction: FractionData,
    data: CourseData,
    sums: tuple[DoseSum, DoseSum | None],
    shelf: Shelf,
    progress: Progress,
    run: Run,
) -> FractionResult:
    """Register (or take what was given), map the dose, add it up; arrays go onto the shelf.

    sums: of the doses as the course maps them, and by the other mapping where that is asked for.
    """
    image = fraction.read_image()
    register = _part(progress, 0.0, REGISTERED, fraction.name)
    deformation = found_deformation(fraction, image, data, register, run)
    displacement = shelf.keep(deformation.displacement(data.grid), data.grid, "displacement")
    found = deformation_uncertainty(
        fraction, image, displacement, data, _part(progress, REGISTERED, UNSURE, ""), run
    )
    uncertainty = None if found is None else _shelved(found, displacement, shelf)
    progress(UNSURE, f"{fraction.name}: map the dose", {})
    needs_density = image is not None and (data.course.mapping == "emt" or sums[1] is not None)
    density = density_of(image, data) if needs_density and image is not None else None
    mapped = mapped_dose(fraction, density, displacement, data, data.course.mapping, run)
    total, other = sums
    total.add(mapped, fraction.count)
    if other is not None:
        by_other = mapped_dose(fraction, density, displacement, data, other_mapping(data.course.mapping), run)
        other.add(by_other, fraction.count)
    quality: dict[str, Any] = {"registered": deformation.source}
    if deformation.settings is not None:
        quality["settings"] = deformation.settings
    warped = None
    if image is not None:
        warped, similarity = _warped(deformation, image, data, run, fraction.name)
        quality |= {"similarity": similarity} if similarity else {}
        if deformation.given is not None:
            doubt_direction(fraction.name, similarity, run)
    quality |= field_quality(displacement, uncertainty, mapped, data)
    warn_of_marks(fraction.name, quality, run)
    energy = None if mapped.energy is None else _plain(mapped.energy)
    return FractionResult(
        name=fraction.name,
        count=fraction.count,
        displacement=displacement,
        dose=_kept(mapped.dose_gy, data.grid, f"dose of {fraction.name}", shelf),
        marks=_kept(mapped.marks, data.grid, f"marks of {fraction.name}", shelf),
        warped=None if warped is None else shelf.keep(warped.data, warped.grid, warped.name),
        uncertainty=uncertainty,
        quality=quality,
        energy=energy,
        density=_density_kept(density, data, shelf),
    )


def density_of(image: Image, data: CourseData) -> Image:
    """g/cm3 of the fraction, by the course's table or RegSuite's own."""
    import torch

    from RegSuite.dose.mapping.density import DensityTable

    table = data.density or DensityTable.default()
    values = table.of(image.data[0].cpu().numpy())
    return image.with_data(torch.from_numpy(values)[None])


def mapped_dose(
    fraction: FractionData,
    density: Image | None,
    displacement: Image,
    data: CourseData,
    mapping: str,
    run: Run,
) -> MappedDose:
    """The fraction's whole dose on the accumulation grid by "ddm" or "emt" (which needs the density)."""
    from RegSuite.dose.mapping.mapped import map_dose

    return map_dose(
        values_of(fraction.dose),
        fraction.dose.image.grid,
        displacement.data.numpy(),
        data.grid,
        mapping=mapping,  # type: ignore[arg-type]  # the Course model has checked the word
        density=None if mapping != "emt" or density is None else (density.data[0].numpy(), density.grid),
        account=mapping == data.course.mapping,
        workers=run.threads,
    )


def _warped(
    deformation: FoundDeformation, image: Image, data: CourseData, run: Run, name: str
) -> tuple[Image, dict[str, Any]]:
    """The fraction's image on the planning grid, and the similarity before and after."""
    from RegSuite.workflows.outputs import warp_image
    from RegSuite.workflows.similarity import covered_by, similarity_metric

    field = deformation.displacement(data.planning.grid)
    before = warp_image(image, data.planning.grid, None)
    after = warp_image(image, data.planning.grid, field)
    grids = image.grid, data.planning.grid
    both = covered_by(*grids, field) & covered_by(*grids)
    if not bool(both.any()):
        run.warn(f"{name}: before, the images did not overlap: the similarity before is not measured")
        return after, {}
    return after, similarity_metric(deformation.measure, data.planning, before, after, both)


def _shelved(found: DeformationUncertainty, displacement: Image, shelf: Shelf) -> DeformationUncertainty:
    from dataclasses import replace

    sigma = shelf.keep(found.sigma_mm.data, found.sigma_mm.grid, "standard deviation")
    return replace(found, displacement=displacement, sigma_mm=sigma)


def _density_kept(density: Image | None, data: CourseData, shelf: Shelf) -> Image | None:
    """On the shelf, for the samples of energy/mass transfer; None where these need none."""
    if density is None or data.course.mapping != "emt":
        return None
    return shelf.keep(density.data, density.grid, "density")


def _kept(values: np.ndarray, grid: Grid, name: str, shelf: Shelf) -> Image:
    import torch

    return shelf.keep(torch.from_numpy(np.ascontiguousarray(values))[None], grid, name)


def _plain(energy: Any) -> dict[str, float]:
    from dataclasses import asdict

    return {key: float(value) for key, value in asdict(energy).items() if isinstance(value, int | float)}


def _part(progress: Progress, begin: float, end: float, name: str) -> Progress:
    """A progress whose 0..1 is `begin`..`end` of `progress`, with the fraction's name before its stages."""

    def part(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
        progress(begin + (end - begin) * fraction, f"{name}: {stage}" if name else stage, metrics)

    return part
