"""Dose volumes: their unit as SlicerRT keeps it, and the volume as a dose in Gy."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from RegSuite.errors import DoseError
from RegSuite.geometry import ArrayImage, DoseImage
from RegSuite.mrml.slabs import Steps, finish, slabs
from RegSuite.mrml.volume_reading import scan_of_volume

DOSE_VOLUME = "DicomRtImport.DoseVolume"
UNIT_NAME = "DicomRtImport.DoseUnitName"
UNIT_VALUE = "DicomRtImport.DoseUnitValue"
"""SlicerRT's attributes: the first on the volume node, the others on the node or on its study."""

GY_OF_UNIT = {"GY": 1.0, "CGY": 0.01, "MGY": 0.001}
"""Gy in one of each unit, by its name in capitals."""


def dose_from_volume(node: Any, role: str = "dose") -> DoseImage:
    """A dose volume in Gy where it is seen in the world: float32 [1, Z, Y, X], a copy of its own.

    The unit is the node's attribute DicomRtImport.DoseUnitName (GY, cGy, mGy) or that of the study in
    whose subject hierarchy it lies, as SlicerRT sets it; the voxels are taken to be in that unit.
    Raises DoseError for a unit that is missing, RELATIVE or unknown and for values that are not
    finite; otherwise as `image_from_volume`.
    """
    from RegSuite.mrml.inputs import engine_of

    found: DoseImage = engine_of(finish(dose_of_volume(node, role)), [])
    return found


def dose_of_volume(node: Any, role: str = "dose", inside: Any = None) -> Steps[Any]:
    """`dose_from_volume` before torch, in steps: a DoseImage whose image is an ArrayImage.

    inside: a parent transform that is left out.
    """
    image = scan_of_volume(node, role, ndim=3, inside=inside)
    factor = gy_of(node, role)
    values = yield from _in_gy(image, factor, f"{role} '{node.GetName()}'")
    return DoseImage(values)  # type: ignore[arg-type]  # an ArrayImage until torch is there


def gy_of(node: Any, role: str = "dose") -> float:
    """Gy in one unit of a dose volume. Raises DoseError where it does not say its unit."""
    unit = unit_of(node)
    where = f"{role} '{node.GetName()}'"
    if unit is None:
        raise DoseError(
            f"'{node.GetName()}' does not say in which unit its dose is",
            where=where,
            mend="load it from DICOM with SlicerRT, or state the unit of volumes that do not say theirs",
        )
    if unit.upper() == "RELATIVE":
        raise DoseError(
            f"the dose of '{node.GetName()}' is RELATIVE: no Gy can be read from it",
            where=where,
            mend="export it in Gy from the planning system",
        )
    if unit.upper() not in GY_OF_UNIT:
        raise DoseError(
            f"the unit {unit!r} of '{node.GetName()}' is no unit of dose",
            where=where,
            mend=f"set the attribute {UNIT_NAME} to GY, CGY or MGY",
        )
    return GY_OF_UNIT[unit.upper()]


def unit_of(node: Any) -> str | None:
    """The name of a dose volume's unit, from the node or from its study; None where nothing says it."""
    own = node.GetAttribute(UNIT_NAME)
    if own:
        return str(own)
    scene = node.GetScene()
    hierarchy = None if scene is None else slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is None:
        return None
    item = hierarchy.GetItemByDataNode(node)
    while item not in (hierarchy.GetInvalidItemID(), hierarchy.GetSceneItemID()):
        found = hierarchy.GetItemAttribute(item, UNIT_NAME)
        if found:
            return str(found)
        item = hierarchy.GetItemParent(item)
    return None


def is_dose(node: Any) -> bool:
    """Whether a volume is marked as a dose, or says a unit of dose."""
    return node.GetAttribute(DOSE_VOLUME) == "1" or unit_of(node) is not None


def mark_dose(node: Any) -> None:
    """Say on a volume in Gy that it is a dose, in SlicerRT's words: it can be read back, here and there."""
    node.SetAttribute(DOSE_VOLUME, "1")
    node.SetAttribute(UNIT_NAME, "GY")
    node.SetAttribute(UNIT_VALUE, "1")


def _in_gy(image: ArrayImage, factor: float, where: str) -> Steps[ArrayImage]:
    """The voxels times `factor`, a slab a step. Raises DoseError for what is not finite."""
    broken = 0
    scaled = None if factor == 1.0 else np.empty(image.values.shape, np.float32)
    for slab in slabs(image.values.shape[1:]):
        part = image.values[:, slab]
        broken += 0 if part.dtype.kind != "f" else int(part.size - np.isfinite(part).sum())
        if scaled is not None:
            np.multiply(part, np.float32(factor), out=scaled[:, slab], casting="unsafe")
        yield
    if broken:
        raise DoseError(
            f"{broken} voxels of the dose are not finite",
            where=where,
            mend="load the dose anew; where it was computed, leave undefined voxels out of the course",
        )
    return image if scaled is None else image.with_values(scaled)
