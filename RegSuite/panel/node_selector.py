"""One node selector: what it offers, what it says, and the field of the parameter node it stands for."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from RegSuite.panel.node_names import field_name, node_types
from RegSuite.workflows.model import InputRole, OutputRole

NOT_SCANS = (
    "vtkMRMLLabelMapVolumeNode",
    "vtkMRMLMultiVolumeNode",
    "vtkMRMLDiffusionWeightedVolumeNode",
    "vtkMRMLDiffusionTensorVolumeNode",
)
"""Volume classes derived from the scalar volume that are no scan of one value a voxel."""

_HINTS = {
    "mask": _("A label map (every label counts) or a segmentation (every segment counts)."),
    "labels": _("A label map or a segmentation."),
    "points": _("A point list; the same places in the same order on both sides."),
    "table": _("A table with the columns label and name."),
    "series": _("A sequence of volumes, 0 to 1, on the grid of the image."),
    "transform": _("The transform under which the moving image would be seen on the fixed one."),
}
_SCRIPTS = ("CSV", "file (")
"""Beginnings of descriptions that speak of files: in a panel the hint alone is right."""


def selector_name(role: str) -> str:
    """How the widget is called in a .ui: `fixed_mask` -> `fixedMaskSelector`."""
    return f"{field_name(role)}Selector"


def make_selector(role: InputRole | OutputRole) -> Any:
    """A new, empty qMRMLNodeComboBox for a role."""
    selector = slicer.qMRMLNodeComboBox()
    selector.objectName = selector_name(role.name)
    dress_selector(selector, role)
    return selector


def dress_selector(selector: Any, role: InputRole | OutputRole) -> None:
    """Give a selector (of a .ui or new) what follows from its role.

    None can be chosen everywhere: of a required input it says so, and Slicer does not choose the
    first volume of the scene by itself.
    """
    is_output = isinstance(role, OutputRole)
    selector.nodeTypes = list(node_types(role))
    selector.hideChildNodeTypes = list(NOT_SCANS) if role.kind in ("image", "jacobian") else []
    selector.noneEnabled = True
    selector.noneDisplay = _none_words(role)
    selector.addEnabled = is_output
    selector.removeEnabled = False
    selector.renameEnabled = is_output
    selector.editEnabled = False
    if is_output:
        selector.baseName = role.title
    selector.toolTip = role_tip(role)
    selector.setProperty("SlicerParameterName", field_name(role.name))


def role_tip(role: InputRole | OutputRole) -> str:
    """What a role is, for a tooltip."""
    description = "" if role.description.startswith(_SCRIPTS) else _sentence(role.description)
    hint = "" if isinstance(role, OutputRole) else _HINTS.get(role.kind, "")
    lines = [line for line in (description, hint) if line]
    return "\n".join([*lines, _("In scripts: {name}").format(name=role.name)])


def _none_words(role: InputRole | OutputRole) -> str:
    if isinstance(role, OutputRole):
        return str(_("a new one"))
    return str(_("choose one") if role.required else _("none"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
