"""Dose mapping: seconds a fraction beside SimpleITK's resampling, and the energy that is not accounted for.

python -m Testing.benchmarks.dose_mapping     prints two tables in Markdown
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

from RegSuite.dose.mapping.density import DensityTable
from RegSuite.dose.mapping.mapped import map_dose
from RegSuite.geometry import Grid
from RegSuite.phantoms.thorax import thorax_course, thorax_draw

SIZE, SPACING = (256, 256, 96), (1.5, 1.5, 3.0)
OBLIQUE = np.linalg.qr(np.array([[0.9, -0.3, 0.2], [0.35, 0.85, -0.3], [-0.1, 0.4, 0.9]]))[0]
REPEATS = 3
THREADS = 2


def a_fraction() -> tuple[np.ndarray, np.ndarray, Grid]:
    """Dose, displacement of up to 20 mm, and the grid that both lie on."""
    half = (np.array(SIZE) - 1) / 2 * SPACING
    grid = Grid.make(SIZE, SPACING, -half)
    x, y, z = np.moveaxis(grid.all_points(), -1, 0)
    u = np.stack([np.sin(y / 60) * np.cos(z / 70), np.cos(x / 65) * np.sin(z / 80), np.sin((x + y) / 90)])
    u *= 20 / np.linalg.norm(u, axis=0).max()
    dose = 60 * np.exp(-(x**2 + y**2 + z**2) / 2 / 50**2)
    return dose.astype(np.float32), u.astype(np.float32), grid


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds, the least of some runs, the first (compiling) left out."""
    call()
    found = []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(w for w, _ in found), min(c for _, c in found)


def itk(values: np.ndarray, grid: Grid, vector: bool = False) -> sitk.Image:
    """An image on `grid`."""
    image = sitk.GetImageFromArray(values, isVector=vector)
    image.SetSpacing(grid.spacing)
    image.SetOrigin(grid.origin)
    image.SetDirection([v for row in grid.direction for v in row])
    return image


def speed() -> list[str]:
    """Rows of seconds with two threads."""
    dose, u, grid = a_fraction()
    density = (np.ones(grid.shape, np.float32), grid)
    image, reference = itk(dose, grid), itk(dose, grid)
    field = sitk.DisplacementFieldTransform(itk(np.moveaxis(u, 0, -1).astype(np.float64), grid, True))

    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(reference)
    resampler.SetTransform(field)
    resampler.SetNumberOfThreads(THREADS)

    def ours(mapping: str, **options: object) -> Callable[[], object]:
        return lambda: map_dose(
            dose, grid, u, grid, mapping=mapping, density=density, workers=THREADS, **options
        )

    rows = {
        "SimpleITK resampling (no Jacobian, no marks)": lambda: resampler.Execute(image),
        "ddm": ours("ddm"),
        "emt, 2^3 parts a voxel": ours("emt", account=False),
        "emt, 4^3 parts": ours("emt", account=False, oversampling=4),
        "emt, 2^3 parts, with the energy account": ours("emt"),
    }
    lines = ["| one fraction at 256x256x96, 2 threads | seconds | CPU s |", "|---|---:|---:|"]
    for name, call in rows.items():
        wall, cpu = seconds(call)
        lines.append(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    return lines


def energy() -> list[str]:
    """Rows of what is not accounted for, on courses of the thorax phantom."""
    half = (np.array((88, 76, 68)) - 1) / 2 * np.array((2.5, 3.0, 3.5))
    tilted = Grid.make((88, 76, 68), (2.5, 3.0, 3.5), OBLIQUE @ -half, OBLIQUE)
    courses = {f"thorax draw {n}, 4 mm": thorax_draw(n) for n in range(6)}
    courses["thorax course, oblique, 2.5 x 3 x 3.5 mm"] = thorax_course(tilted, fractions=3, seed=3)
    lines = [
        "| course | largest displacement | left the planning grid | in marked voxels | not accounted for |",
        "|---|---:|---:|---:|---:|",
    ]
    table = DensityTable.default()
    for name, course in courses.items():
        found = []
        for fraction in course.fractions:
            u = fraction.displacement.data.numpy()
            density = table.of(fraction.image.data[0].numpy())
            given = fraction.dose.image
            account = map_dose(
                given.data[0].numpy(), given.grid, u, course.planning.grid, mapping="emt",
                density=(density, fraction.image.grid),
            ).energy  # fmt: skip
            assert account is not None
            shares = (account.left_mj / account.fraction_mj, account.marked_mj / account.fraction_mj)
            found.append((float(np.linalg.norm(u, axis=0).max()), *shares, account.residual))
        most = np.abs(np.array(found)).max(axis=0)
        numbers = [f"{most[0]:.1f} mm", *(f"{100 * v:.2f} %" for v in most[1:3]), f"{100 * most[3]:.3f} %"]
        lines.append(f"| {name} | {' | '.join(numbers)} |")
    return lines


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    print("\n".join([*speed(), "", *energy()]))
