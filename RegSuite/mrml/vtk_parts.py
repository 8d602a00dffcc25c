"""A node's map from world to local, taken apart into the transforms of which it consists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import slicer
import vtk

from RegSuite.errors import GeometryError
from RegSuite.mrml.fields import bspline_from_vtk, grid_from_vtk
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.space import array_of_matrix, matrix_to_lps
from RegSuite.mrml.voxels import values_of
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.arrays import ArrayField, ArraySpline, Member
from RegSuite.transforms.rigid import RigidTransform

INVERSE_TOLERANCE_MM = 1e-5
"""To which VTK's own inverse is driven here; Slicer's default is 0.01 mm."""

UNFILLED = 64
"""Points of the lattice in a B-spline node without content (a grid node has one)."""

VTK_ZERO_BORDER = 1
"""VTK's number of the border beyond which a B-spline's coefficients are 0, as Slicer reads files."""

_KINDS = {
    "vtkOrientedGridTransform": "grid",
    "vtkOrientedBSplineTransform": "B-spline",
    "vtkThinPlateSplineTransform": "thin plate spline",
}


@dataclass(frozen=True)
class Part:
    """One VTK transform of RAS points, a copy of our own; `inverted` where it is run backwards."""

    found: Any
    inverted: bool

    @property
    def kind(self) -> str:
        """What a person calls it."""
        return _KINDS.get(self.found.GetClassName(), str(self.found.GetClassName()))

    @property
    def linear(self) -> bool:
        """Whether it is a matrix."""
        return bool(self.found.IsA("vtkLinearTransform"))

    @property
    def is_grid(self) -> bool:
        """Whether it is a displacement on a lattice."""
        return bool(self.found.IsA("vtkOrientedGridTransform"))

    @property
    def known(self) -> bool:
        """Whether the engine has this kind of transform (its inverse perhaps numerically)."""
        return self.linear or self.is_grid or bool(self.found.IsA("vtkOrientedBSplineTransform"))

    @property
    def exact(self) -> bool:
        """Whether the engine has the same map, without a numeric inverse."""
        return self.known and (self.linear or not self.inverted)

    @property
    def runs_out(self) -> bool:
        """Whether it is a B-spline that does not end beyond its lattice (as one from ITK's files does)."""
        spline = self.found.IsA("vtkOrientedBSplineTransform")
        return bool(spline and self.found.GetBorderMode() != VTK_ZERO_BORDER)

    def member(self) -> Steps[Member]:
        """The map of a known kind as numbers and arrays, LPS mm; a nonlinear inverse stays to be solved."""
        if self.linear:
            return _linear(self.found)
        forward: ArrayField | ArraySpline
        if self.is_grid:
            forward = yield from grid_from_vtk(self.found)
        else:
            forward = yield from bspline_from_vtk(self.found)
        return replace(forward, inverted=self.inverted)


def parts_from_world(node: Any) -> list[Part]:
    """The parts of a transform node's map from world to local, in the order in which a point meets them.

    Copies that share the voxels only: nothing that is set on them reaches the node. Parts that
    are the identity are left out.
    """
    whole = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(whole)
    whole.Update()
    items = vtk.vtkCollection()
    slicer.vtkMRMLTransformNode.FlattenGeneralTransform(items, whole)
    parts = [_part(items.GetItemAsObject(i)) for i in range(items.GetNumberOfItems())]
    return [part for part in parts if not _is_identity(part)]


def joined_vtk(parts: list[Part]) -> Any:
    """One VTK transform of all parts, its inverses driven to INVERSE_TOLERANCE_MM."""
    out = vtk.vtkGeneralTransform()
    out.PostMultiply()
    for part in parts:
        if part.found.IsA("vtkWarpTransform"):
            part.found.SetInverseTolerance(INVERSE_TOLERANCE_MM)
        out.Concatenate(part.found)
    out.Update()
    return out


def _part(item: Any) -> Part:
    item.Update()
    copy = item.MakeTransform()
    copy.DeepCopy(item)
    copy.Update()
    return Part(copy, bool(item.IsA("vtkWarpTransform") and item.GetInverseFlag()))


def _linear(found: Any) -> AffineTransform:
    """Rigid where it is one, so that methods know; affine otherwise."""
    affine = AffineTransform.from_homogeneous(matrix_to_lps(array_of_matrix(found.GetMatrix())))
    try:
        rigid = RigidTransform(affine.matrix, affine.offset)
    except GeometryError:
        return affine
    exact = abs(rigid.matrix - affine.matrix).max() < 1e-9
    return rigid if exact else affine


def _is_identity(part: Part) -> bool:
    found = part.found
    if part.is_grid:
        return _is_nought(found.GetDisplacementGrid())
    if found.IsA("vtkOrientedBSplineTransform"):
        return found.GetBulkTransformMatrix() is None and _is_nought(found.GetCoefficientData())
    return part.linear and bool((array_of_matrix(found.GetMatrix()) == _IDENTITY).all())


def _is_nought(image: Any) -> bool:
    """Whether a lattice is absent, or the few zeros of a transform node that was never filled."""
    if image is None or image.GetNumberOfPoints() == 0:
        return True
    return bool(image.GetNumberOfPoints() <= UNFILLED and not values_of(image).any())


_IDENTITY = array_of_matrix(vtk.vtkMatrix4x4())
