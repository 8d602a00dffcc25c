"""A small chest with a known accumulated dose: two doses, oblique scans, in memory and as files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from RegSuite.geometry import Grid, Image
from RegSuite.io.write_image import write_image
from RegSuite.phantoms.thorax import ThoraxCourse, thorax_course
from Testing.workflows.small import oblique

NAMES = ("GTV", "PTV", "SpinalCord")
"""The structures that are used: closed surfaces, whose DVHs are quick."""
COUNTS = (3, 2)


@cache
def a_course() -> ThoraxCourse:
    """Grid 40x36x30 of 6 x 6 x 7 mm, turned by 20 and 10 degrees; doses of 3 and 2 fractions."""
    size, spacing = np.array((40, 36, 30)), np.array((6.0, 6.0, 7.0))
    turned = oblique(3)
    grid = Grid.make(size.tolist(), spacing.tolist(), (-turned @ (spacing * (size - 1) / 2)).tolist(), turned)
    return thorax_course(grid, fractions=2, seed=5, counts=COUNTS, noise_hu=6.0, dose_spacing_mm=3.0)


def structures(names: tuple[str, ...] = NAMES) -> tuple[Any, ...]:
    """Those of the course that are named."""
    return tuple(s for s in a_course().structures if s.name in names)


def given(*, true: bool = True, names: tuple[str, ...] = NAMES, **settings: Any) -> dict[str, Any]:
    """The course as a mapping of objects, with the true transforms or none, without uncertainty."""
    made = a_course()
    fractions = [
        {"image": f.image, "dose": f.dose, "fractions": f.count, "name": f"day{n}"}
        | ({"transform": f.displacement} if true else {})
        for n, f in enumerate(made.fractions, start=1)
    ]
    plain = {"uncertainty": "none", "planning": {"image": made.planning, "structures": structures(names)}}
    return {**plain, "fractions": fractions, **settings}


def truth() -> np.ndarray:
    """[z, y, x] Gy: the dose's formula at the true places, summed."""
    return a_course().truth_dose.data[0].numpy()


def on_disk(folder: Path, **settings: Any) -> Path:
    """COURSE.yaml with its files beside it, relative; structures as a label map."""
    made = a_course()
    write_image(made.planning, folder / "ct.nii.gz")
    chosen = {number: name for number, name in made.label_names.items() if name in NAMES}
    kept = sum((made.labels.data == number).to(torch.uint8) * number for number in chosen)
    write_image(Image(kept, made.labels.grid, name="labels"), folder / "labels.nii.gz")
    rows = "".join(f"{number},{name}\n" for number, name in chosen.items())
    (folder / "labels.csv").write_text(f"label,name\n{rows}")
    fractions = []
    for n, fraction in enumerate(made.fractions, start=1):
        write_image(fraction.image, folder / f"day{n}.nii.gz")
        write_image(fraction.dose.image, folder / f"dose{n}.nii.gz")
        write_image(fraction.displacement, folder / f"u{n}.nii.gz")
        files = {"image": f"day{n}.nii.gz", "dose": f"dose{n}.nii.gz", "transform": f"u{n}.nii.gz"}
        fractions.append({**files, "fractions": fraction.count})
    content = {
        "planning": {"image": "ct.nii.gz", "structures": "labels.nii.gz"},
        "fractions": fractions,
        "uncertainty": {"source": "none"},
        **settings,
    }
    (folder / "COURSE.yaml").write_text(yaml.safe_dump(content))
    return folder / "COURSE.yaml"
