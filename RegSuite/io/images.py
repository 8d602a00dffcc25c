"""Reading images: anything SimpleITK reads, and DICOM folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Image
from RegSuite.io.dicom_folder import is_dicom_file, read_dicom_folder, read_dicom_slice
from RegSuite.io.image_header import check_header
from RegSuite.io.nifti_values import not_finite
from RegSuite.io.simpleitk_bridge import image_from_sitk

if TYPE_CHECKING:
    import SimpleITK as sitk
    from torch import Tensor

WITHOUT_SPACING = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue (ITU-R BT.709)."""


def read_image(
    path: Path | str, *, expect_ndim: int | None = None, warnings: list[str] | None = None
) -> Image:
    """The image in a file or DICOM folder: float32 [C, *shape], with its path, name and modality.

    A 4D file of one frame is taken as 3D; colours become luminance. expect_ndim: 2 or 3 where
    the caller needs it. warnings: sentences are appended for what was mended or is doubtful.
    Raises InputError for what is missing, unreadable, cut short or not finite, GeometryError for
    a header that cannot be right or another dimension.
    """
    found = [] if warnings is None else warnings
    path = Path(path)
    source, modality = _load(path, found)
    image = _in_space(source, path)
    data = _grey(image.data, path, found).float()
    check_finite(data, str(path))
    name = path.resolve().name
    out = Image(data.contiguous(), image.grid, name=name, modality=modality, path=path)
    if expect_ndim is not None and out.ndim != expect_ndim:
        raise GeometryError(
            f"the image is {out.ndim}D where {expect_ndim}D is wanted",
            where=str(path),
            mend=f"give a {expect_ndim}D image (a single slice of a volume is 3D with one voxel in z)",
        )
    return out


def read_raw(path: Path | str, warnings: list[str] | None = None) -> Image:
    """The image as stored, in its own type of numbers (for labels and masks); else as `read_image`."""
    path = Path(path)
    source, _ = _load(path, [] if warnings is None else warnings)
    return _in_space(source, path)


def check_finite(data: Tensor, where: str) -> None:
    """Raise InputError, with counts and the first voxel, when [C, *shape] holds NaN or infinity."""
    import torch

    # a finite sum has finite terms; only an overflow needs the look at each voxel
    if bool(torch.isfinite(data.sum())) or bool(torch.isfinite(data).all()):
        return
    nan, inf = int(torch.isnan(data).sum()), int(torch.isinf(data).sum())
    first = (~torch.isfinite(data).all(dim=0)).nonzero()[0].tolist()[::-1]
    raise not_finite(nan, inf, data.numel(), tuple(first), where)


def describe(image: Image) -> str:
    """One line on an image: name, modality, grid, range of values."""
    low, high = float(image.data.min()), float(image.data.max())
    modality = f", {image.modality}" if image.modality else ""
    channels = f", {image.channels} values a voxel" if image.channels > 1 else ""
    return f"{image.name}{modality}: {image.grid}{channels}, values {low:g}..{high:g}"


def _load(path: Path, warnings: list[str]) -> tuple[sitk.Image, str | None]:
    """The SimpleITK image of a file or folder, at most 3D, and its modality."""
    if not path.exists():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    if path.is_dir():
        return read_dicom_folder(path, warnings=warnings)
    try:
        if is_dicom_file(path):
            return read_dicom_slice(path, warnings)
        warnings.extend(check_header(path))
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), mend="check the permissions"
        ) from error
    source = _frame(_read(path), path)
    if path.suffix.lower() in WITHOUT_SPACING and set(source.GetSpacing()) == {1.0}:
        warnings.append(f"{path.name}: the format stores no pixel size; 1 mm a pixel is assumed")
    return source, _modality(source)


def _read(path: Path) -> sitk.Image:
    """SimpleITK's image; its own reasons in our words where we know them."""
    import SimpleITK as sitk

    if path.stat().st_size == 0:
        raise InputError("the file is empty", where=str(path), mend="copy or download the file again")
    try:
        return sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise _reason(str(error), path) from error


def _reason(text: str, path: Path) -> InputError:
    last = text.strip().splitlines()[-1].removeprefix("ITK ERROR: ").removeprefix("sitk::ERROR: ")
    if "ero-valued spacing" in text or "egative spacing" in text:
        return GeometryError(
            f"the spacing is zero or negative: {last}",
            where=str(path),
            mend="correct the spacing in the header",
        )
    if "orthonormal" in text:
        return GeometryError(
            "the direction of the axes is not orthonormal (sheared or without length)",
            where=str(path),
            mend="resample the image to an orthogonal grid",
        )
    if "Unable to determine ImageIO" in text:
        return InputError(
            "no format that SimpleITK reads, or a file that is cut short",
            where=str(path),
            mend="give NIfTI, NRRD, MetaImage or a DICOM folder; copy the file again if it should be one",
        )
    return InputError(
        f"SimpleITK cannot read it: {last}", where=str(path), mend="copy the file again or write it anew"
    )


def _frame(source: sitk.Image, path: Path) -> sitk.Image:
    """A 4D image of one frame as 3D; more frames are refused, as is a voxel of two numbers (complex)."""
    if "complex" in source.GetPixelIDTypeAsString():
        raise InputError("the image is complex", where=str(path), mend="give its magnitude")
    ndim, size = source.GetDimension(), source.GetSize()
    frames = 1
    for n in size[3:]:
        frames *= n
    if frames > 1:
        raise InputError(
            f"the image is {ndim}D with {frames} frames where one volume is wanted",
            where=str(path),
            mend="extract one frame (SimpleITK: image[:, :, :, 0])",
        )
    while source.GetDimension() > 3:
        source = source[(slice(None),) * (source.GetDimension() - 1) + (0,)]
    return source


def _in_space(source: sitk.Image, path: Path) -> Image:
    """Our image; a GeometryError gets the file's name."""
    try:
        return image_from_sitk(source, path.name)
    except GeometryError as error:
        raise GeometryError(error.what, where=str(path), mend=error.mend) from error


def _grey(data: Tensor, path: Path, warnings: list[str]) -> Tensor:
    """Bytes in 3 or 4 channels are colours: their luminance; in 2 grey and opacity: the grey."""
    import torch

    if data.dtype not in (torch.uint8, torch.int32) or data.shape[0] not in (2, 3, 4):
        return data
    if path.suffix.lower() not in WITHOUT_SPACING and data.dtype != torch.uint8:
        return data
    if data.shape[0] == 2:
        warnings.append(f"{path.name}: the second channel (opacity) was left out")
        return data[:1]
    warnings.append(f"{path.name}: the colours were turned into luminance (BT.709)")
    weights = torch.tensor(LUMINANCE).reshape(3, *([1] * (data.ndim - 1)))
    return (data[:3].float() * weights).sum(dim=0, keepdim=True)


def _modality(source: sitk.Image) -> str | None:
    """DICOM's word where an NRRD or MetaImage header has one."""
    for key in ("Modality", "modality"):
        if source.HasMetaDataKey(key):
            word = source.GetMetaData(key).upper().removeprefix("MET_MOD_").strip()
            return {"DWMRI": "MR", "": None, "UNKNOWN": None, "OTHER": None}.get(word, word)
    return None
