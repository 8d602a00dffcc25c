"""A deformation from elsewhere, and its displacement where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.report.provenance import input_record
from RegSuite.workflows.inputs import is_file_name, is_simpleitk

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid
    from RegSuite.transforms.base import Transform
    from RegSuite.workflows.run import Run


@dataclass(frozen=True, eq=False)
class GivenDeformation:
    """Planning points to fraction points, from another system; frames as its DICOM object states them."""

    transform: Transform
    words: str
    registered_frame: str | None = None
    source_frame: str | None = None

    def displacement(self, grid: Grid) -> Tensor:
        """u at the voxels of `grid` [3, *shape], LPS mm; NaN where the deformation is not known.

        ITK's programs go on with the identity beyond a field's own grid; for a dose that would be a
        deformation nobody has found, so it is NaN there.
        """
        import torch

        out = torch.zeros((3, *grid.shape))
        for member in _members(self.transform):
            known = _known(member, grid, out)
            out = member.displacement_after(out, grid)
            if known is not None:
                out[:, ~known] = torch.nan
        return out


def read_given(given: Any, role: str, source_frame: str | None, run: Run) -> GivenDeformation:
    """A file, a result folder of `regsuite register`, a Transform, or a displacement Image.

    source_frame: the fraction's frame of reference, by which one of a DICOM object's registrations is
    chosen. Raises InputError or GeometryError for what is no deformation in 3D.
    """
    if is_file_name(given):
        found = _of_file(Path(given), source_frame, run)
        run.inputs[role] = input_record(str(given))
    else:
        found = GivenDeformation(_of_object(given, role, run), role)
    if found.transform.ndim != 3:
        raise GeometryError(
            f"a {found.transform.ndim}D transform for 3D images",
            where=found.words,
            mend="give a 3D transform",
        )
    return found


def _of_file(path: Path, source_frame: str | None, run: Run) -> GivenDeformation:
    from RegSuite.io.dicom_file import is_dicom
    from RegSuite.io.transforms import load_transform
    from RegSuite.workflows.stored_transform import stored_transform

    if path.is_file() and is_dicom(path):
        from RegSuite.io.registration_objects import read_registration

        found: list[str] = []
        registration = read_registration(path, source_frame=_there(path, source_frame), warnings=found)
        for sentence in found:
            run.warn(sentence)
        transform = load_transform(path, source_frame=registration.source_frame)
        return GivenDeformation(
            transform, str(path), registration.registered_frame, registration.source_frame
        )
    return GivenDeformation(stored_transform(path).transform, str(path))


def _there(path: Path, source_frame: str | None) -> str | None:
    """The frame where the object has a registration of it; None where the object has but one to take."""
    from RegSuite.io.registration_objects import read_registrations

    if source_frame is None:
        return None
    return source_frame if source_frame in {r.source_frame for r in read_registrations(path)} else None


def _of_object(given: Any, role: str, run: Run) -> Transform:
    from RegSuite.geometry import Image
    from RegSuite.transforms import DisplacementTransform
    from RegSuite.transforms.arrays import ArrayTransform
    from RegSuite.transforms.base import Transform

    if is_simpleitk(given):
        from RegSuite.io.itk_transforms import transform_from_sitk

        return transform_from_sitk(given)
    if isinstance(given, ArrayTransform):
        return given.transform(run.warn)
    if isinstance(given, Image):
        return DisplacementTransform(given.data.float(), given.grid)
    if isinstance(given, Transform):
        return given
    raise InputError(
        f"{type(given).__name__} is no transform",
        where=role,
        mend="give a file, a RegSuite Transform, or a displacement Image in LPS mm",
    )


def _members(transform: Transform) -> tuple[Transform, ...]:
    """The maps of a chain in the order in which a point goes through them, chains within it taken apart."""
    from RegSuite.transforms import CompositeTransform

    if not isinstance(transform, CompositeTransform):
        return (transform,)
    return tuple(one for member in transform.members for one in _members(member))


def _known(member: Transform, grid: Grid, before: Tensor) -> Tensor | None:
    """Boolean [*shape]: where x + before(x) lies on the member's own grid; None of a map without one."""
    import torch

    from RegSuite.transforms import BSplineTransform, DenseTransform
    from RegSuite.transforms.base import chunks

    own = member.grid if isinstance(member, DenseTransform) else None
    if isinstance(member, BSplineTransform):
        own = member.sampling_grid
    if own is None:
        return None
    out = torch.empty(grid.voxels, dtype=torch.bool)
    for part, _, place in chunks(before, grid):
        out[part] = torch.from_numpy(own.contains(place.numpy()))
    return out.reshape(grid.shape)
