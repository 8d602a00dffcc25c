"""A small brain and the same brain with a tumour that pushed it, as nodes, for the panel."""

import numpy as np

from Testing.workflows.small_tumor import CENTRE_MM, NAMES, images, tumor_at

QUICK = {"levels": 2, "iterations": (6, 4), "time_steps": 6}
"""Parameters of shooting that end within seconds: the panel is tested here, not the method."""

OEDEMA_SHARE = 0.35
"""Of the tumour's voxels: those farthest to the patient's left are called oedema."""


def parts():
    """Core and oedema (bool, [Z, Y, X]) on the target's grid: the tumour cut in two."""
    grid = images(3)["target"].grid
    tumor = tumor_at(grid.all_points())
    x = grid.all_points()[..., 0]
    cut = np.quantile(x[tumor], 1 - OEDEMA_SHARE)
    return tumor & (x < cut), tumor & (x >= cut)


def distance_mm():
    """From the middle of the tumour, [Z, Y, X]."""
    return np.linalg.norm(images(3)["target"].grid.all_points() - CENTRE_MM, axis=-1)


def nodes():
    """Nodes by role: template, target, their labels; tumor: two segments of the core, oedema, bone."""
    import torch

    from RegSuite.geometry import Image
    from RegSuite.mrml.segmentations import segmentation_from_labels
    from RegSuite.mrml.volumes import volume_from_image

    made = images(3)
    core, oedema = parts()
    values = np.where(core, 1, 0) + np.where(oedema, 3, 0)
    values[tuple(np.argwhere(core)[0])] = 2
    values[0, 0, 0] = 4
    labels = Image(torch.from_numpy(values.astype(np.int32))[None], made["target"].grid, "tumour")
    names = {1: "enhancing core", 2: "necrosis", 3: "peritumoral edema", 4: "skull"}
    return {
        "template": volume_from_image(made["template"], name="atlas"),
        "target": volume_from_image(made["target"], name="patient"),
        "template_labels": segmentation_from_labels(made["template_labels"], NAMES, name="atlas labels"),
        "target_labels": segmentation_from_labels(made["target_labels"], NAMES, name="patient labels"),
        "tumor": segmentation_from_labels(labels, names, name="BraTS"),
    }


def choose(panel, *, tumor=True, method="weighted", **fields):
    """Fill the panel in, by its selectors, for a run of seconds; gives the nodes."""
    import json

    made = nodes()
    for role in ("template", "target"):
        getattr(panel.ui, f"{role}Selector").setCurrentNode(made[role])
    panel.ui.templateLabelsSelector.setCurrentNode(made["template_labels"])
    panel.forms.selector("target_labels").setCurrentNode(made["target_labels"])
    if tumor:
        panel.ui.tumorSelector.setCurrentNode(made["tumor"])
    parameters = panel.logic.getParameterNode()
    quick = {} if method == "variational" else QUICK
    chosen = {"method": method, "parameters": json.dumps(quick), "threads": 1, "scene": False, **fields}
    for name, value in chosen.items():
        setattr(parameters, name, value)
    return made
