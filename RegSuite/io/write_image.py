"""Writing images so that they are seen whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import DiskFull, InputError, OutputError
from RegSuite.io.atomic import replacing
from RegSuite.io.fast_gzip import gzip_and_remove
from RegSuite.io.simpleitk_bridge import image_to_sitk

if TYPE_CHECKING:
    import SimpleITK as sitk

    from RegSuite.geometry import Image

WRITABLE = (".nii.gz", ".nii", ".nrrd", ".mha", ".png", ".tif")
NEARLY_FULL_BYTES = 1 << 20


def write_image(image: Image, path: Path | str) -> None:
    """Write an image in its own type of numbers (bool as 0 and 1), compressed where the format can.

    Endings: .nii.gz .nii .nrrd .mha, and .png .tif for 2D bytes. Several channels make a vector
    image. The file appears whole or not at all.
    Raises InputError for another ending or a type that the format cannot hold, OutputError or
    DiskFull when it cannot be written.
    """
    path = Path(path)
    suffix = next((s for s in WRITABLE if path.name.lower().endswith(s)), None)
    if suffix is None:
        raise InputError(
            f"the ending of '{path.name}' is no image format that is written",
            where=str(path),
            mend="use " + " ".join(WRITABLE),
        )
    write_sitk(image_to_sitk(image), path, suffix, image.data.numel() * image.data.element_size())


def write_sitk(source: sitk.Image, path: Path, suffix: str, of_values: int) -> None:
    """Write an image of SimpleITK, whole or not at all; `of_values` bytes. Raises as `write_image`."""
    with replacing(path, suffix) as temporary:
        if suffix == ".nii.gz":
            _write_packed(source, temporary, path, of_values)
        else:
            _write(source, temporary, path, compress=suffix != ".nii")
            if suffix == ".nii":
                _check_size(temporary, path, of_values)


def _write_packed(source: sitk.Image, temporary: Path, path: Path, of_values: int) -> None:
    """Through an uncompressed file beside it, as our gzip is faster and says when the disk is full."""
    plain = temporary.with_name(f"{temporary.name.removesuffix('.nii.gz')}.nii")
    try:
        _write(source, plain, path, compress=False)
        _check_size(plain, path, of_values)
        gzip_and_remove(plain, temporary)
    finally:
        plain.unlink(missing_ok=True)


def _write(source: sitk.Image, temporary: Path, path: Path, *, compress: bool) -> None:
    import SimpleITK as sitk

    try:
        sitk.WriteImage(source, str(temporary), useCompression=compress, compressionLevel=1)
    except RuntimeError as error:
        _raise_if_full(path)
        last = str(error).strip().splitlines()[-1]
        raise OutputError(
            f"SimpleITK cannot write it: {last}", where=str(path), mend="use .nii.gz, .nrrd or .mha"
        ) from error


def _check_size(written: Path, path: Path, of_values: int) -> None:
    """ITK's NIfTI writer does not look whether its bytes arrive."""
    wanted = 348 + of_values
    found = written.stat().st_size
    if found < wanted:
        _raise_if_full(path)
        raise OutputError(
            f"only {found} of {wanted} bytes were written", where=str(path), mend="write to another disk"
        )


def _raise_if_full(path: Path) -> None:
    """DiskFull when the disk has next to nothing left; SimpleITK's errors do not tell."""
    if shutil.disk_usage(path.parent).free < NEARLY_FULL_BYTES:
        raise DiskFull("the disk is full", where=str(path), mend="free space or write elsewhere")
