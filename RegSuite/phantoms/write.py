"""Writing a phantom as a folder that a registration can be run and judged on."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from RegSuite.geometry import Image
from RegSuite.io.displacement_file import write_displacement
from RegSuite.io.points import write_points
from RegSuite.io.write_image import write_image
from RegSuite.phantoms.phantom import Phantom
from RegSuite.phantoms.whole_folder import whole_folder

SCHEMA = "regsuite.phantom/1"


def phantom_to_folder(phantom: Phantom, folder: Path | str, *, overwrite: bool = False) -> dict[str, str]:
    """Write the phantom's files into `folder`, whole or not at all; gives {role: file name}.

    fixed.nii.gz, moving.nii.gz, fixed_labels.nii.gz and moving_labels.nii.gz each with a table
    of label,name beside it, truth_displacement.nii.gz (vector image on the fixed grid, mm, LPS,
    fixed to moving), fixed_points.csv, moving_points.csv, and phantom.json with all that is
    needed to make it again; what the phantom does not have is not written.
    Raises OutputError for a folder that is there already (unless `overwrite`) or cannot be made,
    DiskFull for a full disk.
    """
    with whole_folder(Path(folder), overwrite) as made:
        return _write_all(phantom, made)


def _write_all(phantom: Phantom, folder: Path) -> dict[str, str]:
    files: dict[str, str] = {}
    for role in ("fixed", "moving", "fixed_labels", "moving_labels"):
        image: Image | None = getattr(phantom, role)
        if image is not None:
            files[role] = f"{role}.nii.gz"
            write_image(image, folder / files[role])
            if role.endswith("labels") and phantom.label_names:
                write_names(phantom.label_names, folder / f"{role}.csv")
    if phantom.displacement is not None:
        files["truth_displacement"] = "truth_displacement.nii.gz"
        write_displacement(
            phantom.displacement.data, phantom.displacement.grid, folder / files["truth_displacement"]
        )
    for role in ("fixed_points", "moving_points"):
        points = getattr(phantom, role)
        if points is not None:
            files[role] = f"{role}.csv"
            write_points(points, folder / files[role])
    (folder / "phantom.json").write_text(
        json.dumps(_record(phantom, files), indent=2) + "\n", encoding="utf-8"
    )
    return files


def write_names(names: Mapping[int, str], path: Path) -> None:
    """A table of label,name."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["label", "name"])
        writer.writerows(sorted(names.items()))


def _record(phantom: Phantom, files: dict[str, str]) -> dict[str, Any]:
    from RegSuite import __version__

    return {
        "schema": SCHEMA,
        "name": phantom.name,
        "seed": phantom.seed,
        "parameters": dict(phantom.parameters),
        "size": list(phantom.fixed.grid.size),
        "spacing": list(phantom.fixed.grid.spacing),
        "RegSuite": __version__,
        "files": files,
    }
