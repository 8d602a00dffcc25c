"""Writing an abdomen phantom as a folder that `regsuite organs` runs on, with the truth beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from RegSuite.io.displacement_file import write_displacement
from RegSuite.io.points import write_points
from RegSuite.io.write_image import write_image
from RegSuite.phantoms.abdomen.phantom import AbdomenPhantom
from RegSuite.phantoms.whole_folder import whole_folder
from RegSuite.phantoms.write import SCHEMA, write_names

IMAGES = ("source", "target", "source_labels", "target_labels")
TRUE_LABELS = ("source_organs", "target_organs")
MASKS = ("corresponds", "source_corresponds", "source_sliding", "target_sliding")
FIELDS = ("displacement", "inverse_displacement")
CLOUDS = {"source_points": "source", "target_points": "target"}
LANDMARKS = ("source_landmarks", "target_landmarks")


def abdomen_to_folder(
    phantom: AbdomenPhantom, folder: Path | str, *, overwrite: bool = False
) -> dict[str, str]:
    """Write the phantom's files into `folder`, whole or not at all; gives {role: file name}.

    source.nii.gz and target.nii.gz, CT; source_labels.nii.gz and target_labels.nii.gz as a segmentation
    found them, each with a table of label,name beside it, and, where labels are swapped, the true
    source_organs.nii.gz and target_organs.nii.gz; truth_displacement.nii.gz (target to source, on the
    target's grid, mm, LPS) and truth_inverse_displacement.nii.gz (on the source's), exact where
    corresponds.nii.gz and source_corresponds.nii.gz are 1, elsewhere a fill that says nothing;
    source_sliding.nii.gz and target_sliding.nii.gz (1 near another organ, 2 near the wall);
    source_points.csv and target_points.csv (x,y,z,label), source_landmarks.csv and target_landmarks.csv,
    row by row; confusion.csv, counts of points by true (rows) and found label; phantom.json with all
    that is needed to make it again.
    Raises OutputError for a folder that is there already (unless `overwrite`) or cannot be made,
    DiskFull for a full disk.
    """
    clouds = phantom.clouds
    with whole_folder(Path(folder), overwrite) as made:
        files: dict[str, str] = {}
        swapped = any(clouds.patches)
        for role in (*IMAGES, *(TRUE_LABELS if swapped else ()), *MASKS):
            files[role] = f"{role}.nii.gz"
            write_image(getattr(phantom, role), made / files[role])
            if role.endswith("_labels"):
                write_names(phantom.label_names, made / f"{role}.csv")
        for role in FIELDS:
            field = getattr(phantom, role)
            files[f"truth_{role}"] = f"truth_{role}.nii.gz"
            write_displacement(field.data, field.grid, made / files[f"truth_{role}"])
        for role in (*CLOUDS, *LANDMARKS):
            files[role] = f"{role}.csv"
            write_points(getattr(clouds, CLOUDS.get(role, role)), made / files[role])
        files["confusion"] = "confusion.csv"
        (made / files["confusion"]).write_text(_matrix(phantom), encoding="utf-8")
        record = json.dumps(_record(phantom, files), indent=2) + "\n"
        (made / "phantom.json").write_text(record, encoding="utf-8")
        return files


def _matrix(phantom: AbdomenPhantom) -> str:
    """Counts: a row a true label, a column a found one; the labels in the first row and column."""
    organs = [str(label) for label in phantom.clouds.organs.tolist()]
    lines = [",".join(["true\\found", *organs])]
    for label, row in zip(organs, phantom.clouds.confusion.tolist(), strict=True):
        lines.append(",".join([label, *(f"{value:.0f}" for value in row)]))
    return "\n".join(lines) + "\n"


def _record(phantom: AbdomenPhantom, files: dict[str, str]) -> dict[str, Any]:
    from RegSuite import __version__

    return {
        "schema": SCHEMA,
        "name": phantom.name,
        "seed": phantom.seed,
        "parameters": dict(phantom.parameters),
        "size": list(phantom.target.grid.size),
        "spacing": list(phantom.target.grid.spacing),
        "RegSuite": __version__,
        "files": files,
    }
