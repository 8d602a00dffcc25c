"""Our transforms as SimpleITK's and back, without files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_from_sitk
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.bspline import BSplineTransform
from RegSuite.transforms.composite import CompositeTransform
from RegSuite.transforms.dense import DenseTransform
from RegSuite.transforms.displacement import DisplacementTransform
from RegSuite.transforms.rigid import RigidTransform
from RegSuite.transforms.similarity import SimilarityTransform

if TYPE_CHECKING:
    import SimpleITK as sitk

    from RegSuite.transforms.base import Transform

RIGID_NAMES = ("Euler2DTransform", "Euler3DTransform", "VersorRigid3DTransform", "VersorTransform")
SIMILARITY_NAMES = ("Similarity2DTransform", "Similarity3DTransform")


def transform_to_sitk(transform: Transform) -> sitk.Transform:
    """The same map as a SimpleITK transform (its own copy of all values).

    A map given by velocities becomes its displacement field. Raises InputError for a kind
    that ITK has no counterpart of.
    """
    if isinstance(transform, AffineTransform):
        return _linear_to_sitk(transform)
    if isinstance(transform, BSplineTransform):
        return _bspline_to_sitk(transform)
    if isinstance(transform, DenseTransform):
        return _field_to_sitk(transform)
    if isinstance(transform, CompositeTransform):
        import SimpleITK as sitk

        # ITK applies what was added last first
        return sitk.CompositeTransform([transform_to_sitk(m) for m in reversed(transform.members)])
    raise InputError(
        f"ITK has no transform for a {type(transform).__name__}",
        mend="sample it first: to_displacement(transform, grid)",
    )


def transform_from_sitk(transform: sitk.Transform) -> Transform:
    """The same map as one of our transforms. Raises InputError for a kind that has none here."""
    found = transform.Downcast()
    name = found.GetName()
    if name == "CompositeTransform":
        found.FlattenTransform()
        count = found.GetNumberOfTransforms()
        if count == 0:
            return AffineTransform.identity(found.GetDimension())
        parts = [transform_from_sitk(found.GetNthTransform(n)) for n in reversed(range(count))]
        return CompositeTransform.of(*parts)
    if name == "DisplacementFieldTransform":
        image = image_from_sitk(found.GetDisplacementField(), name)
        return DisplacementTransform(image.data.float(), image.grid)
    if name == "BSplineTransform":
        return _bspline_from_sitk(found)
    if found.IsLinear():
        return _linear_from_sitk(found, name)
    raise InputError(
        f"a transform of ITK's kind {name} is not known here",
        mend="write it as a displacement field (SimpleITK: TransformToDisplacementField)",
    )


def _linear_to_sitk(transform: AffineTransform) -> sitk.Transform:
    """Rigid, similarity or affine, about the same centre."""
    import SimpleITK as sitk

    d = transform.ndim
    out: Any
    if isinstance(transform, RigidTransform):
        out = sitk.Euler2DTransform() if d == 2 else sitk.VersorRigid3DTransform()
    elif isinstance(transform, SimilarityTransform):
        out = sitk.Similarity2DTransform() if d == 2 else sitk.Similarity3DTransform()
    else:
        out = sitk.AffineTransform(d)
    out.SetCenter(transform.centre_mm.tolist())
    out.SetMatrix(transform.matrix.ravel().tolist())
    out.SetTranslation(transform.translation.tolist())
    linear: sitk.Transform = out
    return linear


def _linear_from_sitk(found: sitk.Transform, name: str) -> AffineTransform:
    """Any linear map of ITK, read off at d + 1 points where it does not show its matrix."""
    d = found.GetDimension()
    if hasattr(found, "GetMatrix"):
        matrix = np.asarray(found.GetMatrix(), dtype=np.float64).reshape(d, d)
    else:
        offset = np.asarray(found.TransformPoint([0.0] * d))
        matrix = np.stack([np.asarray(found.TransformPoint(e.tolist())) - offset for e in np.eye(d)], axis=1)
    centre = np.asarray(found.GetCenter() if hasattr(found, "GetCenter") else [0.0] * d)
    translation = np.asarray(found.TransformPoint(centre.tolist())) - centre
    if name in RIGID_NAMES:
        return RigidTransform.about(matrix, centre, translation)
    if name in SIMILARITY_NAMES and np.linalg.det(matrix) > 0:
        return SimilarityTransform.about(matrix, centre, translation)
    return AffineTransform.about(matrix, centre, translation)


def _field_to_sitk(transform: DenseTransform) -> sitk.Transform:
    """A displacement field transform (double, as ITK holds it)."""
    import SimpleITK as sitk

    values = transform.field.detach().cpu().double().numpy()
    return sitk.DisplacementFieldTransform(array_to_sitk(values, transform.grid, vector=True))


def _bspline_to_sitk(transform: BSplineTransform) -> sitk.Transform:
    """ITK's B-spline: fixed parameters are size, origin, spacing and direction of the control lattice."""
    import SimpleITK as sitk

    control = transform.control
    out = sitk.BSplineTransform(control.ndim, 3)
    direction = np.asarray(control.direction).ravel().tolist()
    out.SetFixedParameters([*map(float, control.size), *control.origin, *control.spacing, *direction])
    out.SetParameters(transform.coefficients_mm.detach().cpu().double().numpy().ravel().tolist())
    return out


def _bspline_from_sitk(found: sitk.BSplineTransform) -> BSplineTransform:
    """A cubic B-spline of ITK. Raises InputError for another order."""
    order, d = found.GetOrder(), found.GetDimension()
    if order != 3:
        raise InputError(
            f"a B-spline of order {order}; only cubic ones (3) are read",
            mend="write it as a displacement field (SimpleITK: TransformToDisplacementField)",
        )
    fixed = np.asarray(found.GetFixedParameters(), dtype=np.float64)
    size = [int(n) for n in fixed[:d]]
    control = Grid.make(
        size, fixed[2 * d : 3 * d].tolist(), fixed[d : 2 * d].tolist(), fixed[3 * d :].reshape(d, d)
    )
    values = np.asarray(found.GetParameters(), dtype=np.float32).reshape(d, *control.shape)
    return BSplineTransform(torch.from_numpy(values), control)
