"""What SimpleITK does not say about a header: a spacing it mends, a shear it drops, a file cut short."""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError
from RegSuite.io.nifti_values import check_nifti_values

FloatArray = NDArray[np.float64]
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
SHEAR_TOLERANCE = 1e-3
SAME_PLACE_VOXELS = 0.1
"""Corners that agree within a tenth of a voxel are the same place: headers hold float32."""


@dataclass(frozen=True)
class NiftiHeader:
    """The fields of a NIfTI-1 or NIfTI-2 header that say where voxels are and how many bytes they take.

    size: all axes; spacing: pixdim as stored, of all axes. sform, qform: [4, 4] voxel to LPS mm,
    None where their code is 0. data_offset, data_bytes: of the values; datatype: NIfTI's number.
    """

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    sform: FloatArray | None
    qform: FloatArray | None
    data_offset: int
    data_bytes: int
    datatype: int
    byte_order: str


def check_header(path: Path) -> list[str]:
    """Refuse a header that cannot be right before SimpleITK mends it silently; warnings otherwise.

    Looks into NIfTI, NRRD and MetaImage; other formats pass. Raises GeometryError for spacings
    that are not positive, a sheared sform without a qform, or an sform whose voxel size is not
    pixdim's; InputError for a NIfTI file that ends too early or holds values that are not finite.
    """
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        header = read_nifti_header(path)
        return [] if header is None else _check_nifti(header, path)
    if name.endswith((".mha", ".mhd")):
        _check_text(path, rb"^\s*(ElementSpacing|ElementSize)\s*=\s*(.+)$")
    elif name.endswith((".nrrd", ".nhdr")):
        _check_text(path, rb"^\s*(spacings):\s*(.+)$", unknown="nan")
    return []


def read_nifti_header(path: Path) -> NiftiHeader | None:
    """The header of a .nii or .nii.gz file; None when the file does not begin as NIfTI.

    Raises InputError for a gzip file that ends within the header.
    """
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            raw = file.read(540)
    except gzip.BadGzipFile:
        return None
    except (EOFError, zlib.error) as error:
        raise _cut_short(f"its compressed header ends early ({error})", path) from error
    for order in "<>":
        for length, layout in ((348, _nifti1), (540, _nifti2)):
            if len(raw) >= length and struct.unpack_from(f"{order}i", raw)[0] == length:
                return layout(raw, order)
    return None


def _nifti1(raw: bytes, order: str) -> NiftiHeader:
    dim = struct.unpack_from(f"{order}8h", raw, 40)
    kind = struct.unpack_from(f"{order}2h", raw, 70)
    pixdim = struct.unpack_from(f"{order}8f", raw, 76)
    offset = int(struct.unpack_from(f"{order}f", raw, 108)[0])
    codes = struct.unpack_from(f"{order}2h", raw, 252)
    quaternion = struct.unpack_from(f"{order}6f", raw, 256)
    rows = struct.unpack_from(f"{order}12f", raw, 280)
    return _header(order, dim, kind, pixdim, offset, codes, quaternion, rows)


def _nifti2(raw: bytes, order: str) -> NiftiHeader:
    kind = struct.unpack_from(f"{order}2h", raw, 12)
    dim = struct.unpack_from(f"{order}8q", raw, 16)
    pixdim = struct.unpack_from(f"{order}8d", raw, 104)
    offset = struct.unpack_from(f"{order}q", raw, 168)[0]
    codes = struct.unpack_from(f"{order}2i", raw, 344)
    quaternion = struct.unpack_from(f"{order}6d", raw, 352)
    rows = struct.unpack_from(f"{order}12d", raw, 400)
    return _header(order, dim, kind, pixdim, offset, codes, quaternion, rows)


def _header(
    order: str,
    dim: tuple[int, ...],
    kind: tuple[int, ...],
    pixdim: tuple[float, ...],
    offset: int,
    codes: tuple[int, ...],
    quaternion: tuple[float, ...],
    rows: tuple[float, ...],
) -> NiftiHeader:
    axes = max(0, min(7, dim[0]))
    size = tuple(int(n) for n in dim[1 : 1 + axes])
    sform = None
    if codes[1] > 0:
        sform = RAS_TO_LPS @ np.vstack([np.reshape(rows, (3, 4)), [0.0, 0.0, 0.0, 1.0]])
    qform = None
    if codes[0] > 0 and np.isfinite([*quaternion, *pixdim[:4]]).all():
        qform = RAS_TO_LPS @ _of_quaternion(quaternion, pixdim)
    voxels = math.prod(max(1, n) for n in size)
    spacing = tuple(pixdim[1 : 1 + axes])
    return NiftiHeader(
        size, spacing, sform, qform, max(offset, 0), voxels * kind[1] // 8, datatype=kind[0], byte_order=order
    )


def _of_quaternion(values: tuple[float, ...], pixdim: tuple[float, ...]) -> FloatArray:
    """The qform matrix (RAS). Source: nifti1.h, method 2."""
    b, c, d = values[:3]
    a = math.sqrt(max(0.0, 1.0 - b * b - c * c - d * d))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    flip = -1.0 if pixdim[0] < 0 else 1.0
    out = np.eye(4)
    out[:3, :3] = rotation * np.array([pixdim[1], pixdim[2], flip * pixdim[3]])
    out[:3, 3] = values[3:]
    return out


def _check_nifti(header: NiftiHeader, path: Path) -> list[str]:
    _check_spacing(header.spacing[:3], "pixdim", path)
    _check_length(header, path)
    check_nifti_values(header, path)
    used = min(3, len(header.size))
    warnings = []
    sform, qform = header.sform, header.qform
    if sform is None and qform is None:
        return [f"{path.name}: neither sform nor qform is set; its place and orientation are unknown"]
    if sform is not None and (shear := _shear(sform, used)) > SHEAR_TOLERANCE:
        if qform is None:
            raise GeometryError(
                f"the sform is sheared: its axes are {shear:.3g} from orthogonal (as cosine)",
                where=str(path),
                mend="resample the image to an orthogonal grid",
            )
        warnings.append(f"{path.name}: the sform is sheared ({shear:.3g}); the qform was taken instead")
    elif sform is not None:
        _check_sform_spacing(sform, header.spacing[:used], path)
        if qform is not None and (apart := _largest_distance(sform, qform, header.size[:used])) > 0:
            warnings.append(
                f"{path.name}: sform and qform put a voxel up to {apart:.1f} mm apart; the sform was taken"
            )
    return warnings


def _shear(matrix: FloatArray, used: int) -> float:
    """Largest |cosine| between two of the axes in use."""
    axes = matrix[:3, :used]
    lengths = np.linalg.norm(axes, axis=0)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        return math.inf
    axes = axes / lengths
    return float(np.abs(axes.T @ axes - np.eye(used)).max())


def _check_sform_spacing(sform: FloatArray, spacing: tuple[float, ...], path: Path) -> None:
    """ITK takes the directions of the sform and the lengths of pixdim: they must agree."""
    lengths = np.linalg.norm(sform[:3, : len(spacing)], axis=0)
    if not np.allclose(lengths, spacing, rtol=1e-2):
        stored = ", ".join(f"{s:g}" for s in spacing)
        raise GeometryError(
            f"voxel size {', '.join(f'{v:g}' for v in lengths)} mm in the sform, {stored} mm in pixdim",
            where=str(path),
            mend="find out which one is right and write the header anew",
        )


def _largest_distance(a: FloatArray, b: FloatArray, size: tuple[int, ...]) -> float:
    """Largest distance in mm of a corner voxel's two places, 0 where it is under a tenth of a voxel."""
    corners = np.stack(np.meshgrid(*[(0.0, n - 1.0) for n in size], indexing="ij"), -1).reshape(-1, len(size))
    used = [*range(len(size)), 3]
    points = np.column_stack([corners, np.ones(len(corners))])
    apart = float(np.linalg.norm((points @ (a - b)[:, used].T)[:, :3], axis=1).max())
    voxel = float(np.linalg.norm(a[:3, : len(size)], axis=0).min())
    return apart if apart > SAME_PLACE_VOXELS * voxel else 0.0


def _check_length(header: NiftiHeader, path: Path) -> None:
    """SimpleITK fills what is missing of a NIfTI file with zeros and says nothing."""
    wanted = header.data_offset + header.data_bytes
    if path.name.lower().endswith(".gz"):
        with path.open("rb") as file:
            file.seek(-4, 2)
            stored = struct.unpack("<I", file.read(4))[0]
        if stored == wanted % 2**32:
            return
        found = _unpacked_bytes(path, wanted)
    else:
        found = path.stat().st_size
    if found < wanted:
        raise _cut_short(f"{found} of {wanted} bytes", path)


def _cut_short(how: str, path: Path) -> InputError:
    return InputError(
        f"the file is cut short: {how}", where=str(path), mend="copy or download the file again"
    )


def _unpacked_bytes(path: Path, enough: int) -> int:
    """How many bytes a gzip file holds, up to `enough`; what stands before a break counts."""
    found = 0
    with gzip.open(path) as file:
        try:
            while found < enough and (chunk := file.read(1 << 22)):
                found += len(chunk)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            # a broken stream is what is looked for: the count says how much could be read
            return found
    return found


def _check_text(path: Path, pattern: bytes, unknown: str | None = None) -> None:
    """Check the spacing lines of a header in plain text; `unknown` is the word for no spacing."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    end = re.search(rb"\n\s*\n|ElementDataFile", head)
    for match in re.finditer(pattern, head[: end.start() if end else None], re.MULTILINE | re.IGNORECASE):
        words = [w for w in match[2].decode("ascii", "replace").split() if w.lower() != unknown]
        try:
            values = tuple(float(w) for w in words)
        except ValueError as error:
            raise InputError(
                f"{match[1].decode()} = {' '.join(words)} are not numbers", where=str(path)
            ) from error
        _check_spacing(values, match[1].decode(), path)


def _check_spacing(spacing: tuple[float, ...], field: str, path: Path) -> None:
    if not all(math.isfinite(s) and s > 0 for s in spacing):
        raise GeometryError(
            f"spacing {', '.join(f'{s:g}' for s in spacing)} mm is not positive",
            where=f"{path}, field {field}",
            mend="correct the spacing in the header (an axis is reversed by its direction, not its spacing)",
        )
