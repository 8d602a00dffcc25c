"""Writing a tumour phantom as a folder that `regsuite tumor` runs on, with the truth beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from RegSuite.io.displacement_file import write_displacement
from RegSuite.io.series import write_series
from RegSuite.io.write_image import write_image
from RegSuite.phantoms.tumor.phantom import TumorPhantom
from RegSuite.phantoms.whole_folder import whole_folder
from RegSuite.phantoms.write import SCHEMA, write_names

IMAGES = ("template", "target", "template_labels", "target_labels", "tumor", "oedema")
FIELDS = ("displacement", "inverse_displacement")
CORRESPONDS = ("corresponds", "template_corresponds")


def tumor_to_folder(phantom: TumorPhantom, folder: Path | str, *, overwrite: bool = False) -> dict[str, str]:
    """Write the phantom's files into `folder`, whole or not at all; gives {role: file name}.

    template.nii.gz, target.nii.gz, template_labels.nii.gz and target_labels.nii.gz each with a table of
    label,name beside it; tumor.nii.gz and, where there is any, oedema.nii.gz (masks on the target);
    truth_displacement.nii.gz (vector image on the target's grid, mm, LPS, target to template; finite
    everywhere) and truth_inverse_displacement.nii.gz (on the template's grid); corresponds.nii.gz and
    template_corresponds.nii.gz, which are 0 where the core replaced tissue and there is no truth;
    growth.nii.gz (4D: the core over time); phantom.json with all that is needed to make it again.
    Raises OutputError for a folder that is there already (unless `overwrite`) or cannot be made,
    DiskFull for a full disk.
    """
    with whole_folder(Path(folder), overwrite) as made:
        files: dict[str, str] = {}
        for role in (*IMAGES, *CORRESPONDS):
            image = getattr(phantom, role)
            if role == "oedema" and not bool(image.data.any()):
                continue
            files[role] = f"{role}.nii.gz"
            write_image(image, made / files[role])
            if role.endswith("labels"):
                write_names(phantom.label_names, made / f"{role}.csv")
        for role in FIELDS:
            field = getattr(phantom, role)
            files[f"truth_{role}"] = f"truth_{role}.nii.gz"
            write_displacement(field.data, field.grid, made / files[f"truth_{role}"])
        if phantom.growth is not None:
            files["growth"] = "growth.nii.gz"
            times = np.linspace(0.0, 1.0, len(phantom.growth.data)).tolist()
            write_series(phantom.growth.data[:, None], phantom.growth.grid, times, made / files["growth"])
        record = json.dumps(_record(phantom, files), indent=2) + "\n"
        (made / "phantom.json").write_text(record, encoding="utf-8")
        return files


def _record(phantom: TumorPhantom, files: dict[str, str]) -> dict[str, Any]:
    from RegSuite import __version__

    return {
        "schema": SCHEMA,
        "name": phantom.name,
        "seed": phantom.seed,
        "parameters": dict(phantom.parameters),
        "size": list(phantom.target.grid.size),
        "spacing": list(phantom.target.grid.spacing),
        "ventricles": list(phantom.ventricles),
        "RegSuite": __version__,
        "files": files,
    }
