"""Reading a DICOM object: whole, of the kind that is wanted, or refused with words."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.io.dicom_extent import fault_in

if TYPE_CHECKING:
    from pydicom import Dataset

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
RT_ION_PLAN = "1.2.840.10008.5.1.4.1.1.481.8"
SPATIAL_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
DEFORMABLE_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.3"

LARGEST_BYTES = 4 << 30
_PREAMBLE = 132
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_IMPLICIT = "1.2.840.10008.1.2"
_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
"""How files without a preamble begin: groups 0002 and 0008."""

_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def broken() -> tuple[type[Exception], ...]:
    """What pydicom raises, at one place or another, for bytes that are no DICOM."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*_BROKEN, BytesLengthException, InvalidDicomError)


def read_dicom(path: Path | str, wanted: Mapping[str, str]) -> Dataset:
    """The DICOM object in a file, whose SOP class is one of `wanted` {UID: name}.

    Files without the preamble are read too. Raises InputError for a file that is missing, no
    DICOM, cut short, hostile (nested beyond reason, larger than 4 GB unpacked) or of another class.
    """
    import pydicom

    path = Path(path)
    raw = _bytes(path)
    try:
        data = pydicom.dcmread(io.BytesIO(raw), force=True)
        syntax = str(data.file_meta.get("TransferSyntaxUID", ""))
        found = str(data.get("SOPClassUID", "") or "")
        fault = _fault(raw, syntax, data)
    except broken() as error:
        raise damaged(path, error) from error
    if fault is not None:
        raise InputError(
            f"the DICOM file is cut short or damaged: {fault}",
            where=str(path),
            mend="export or copy it again",
        )
    if not found:
        raise InputError(
            "the file is no DICOM object: it says of no class (SOPClassUID) that it is",
            where=str(path),
            mend=f"give a DICOM {' or '.join(wanted.values())}",
        )
    if found not in wanted:
        raise InputError(
            f"the file is of class {_name(found)} where {' or '.join(wanted.values())} is wanted",
            where=str(path),
            mend="name the right file",
        )
    return data


def sop_class(path: Path) -> str | None:
    """The SOP class UID of a DICOM file, None of what is none; the rest of the file is not looked at."""
    import pydicom

    with path.open("rb") as file:
        head = file.read(_PREAMBLE)
    if head[128:] != b"DICM" and head[:2] not in _GROUPS:
        return None
    try:
        data = pydicom.dcmread(path, force=True, specific_tags=["SOPClassUID"], stop_before_pixels=True)
        return str(data.get("SOPClassUID", "") or "") or None
    except broken():
        return None


def is_little(data: Any) -> bool:
    """Whether the values of an object that was read are little endian (all but one transfer syntax)."""
    return bool(data.original_encoding[1] is not False)


def damaged(path: Path | str, error: BaseException) -> InputError:
    """What pydicom said of a broken file, in our words."""
    said = str(error).strip().splitlines()
    return InputError(
        f"the DICOM file cannot be read: {said[0][:200] if said else type(error).__name__}",
        where=str(path),
        mend="export or copy it again",
    )


def _bytes(path: Path) -> bytes:
    """The file, looked at before it is read whole: is it DICOM, and of a size that can be?"""
    if path.is_dir():
        raise InputError("a folder where a DICOM file is wanted", where=str(path), mend="name a file in it")
    if not path.is_file():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise InputError(
            f"the file has {size / 1e9:.1f} GB, which no object needs",
            where=str(path),
            mend="check it",
        )
    try:
        with path.open("rb") as file:
            head = file.read(_PREAMBLE)
            if head[128:] != b"DICM" and head[:2] not in _GROUPS:
                raise InputError("the file is no DICOM", where=str(path), mend="name a DICOM file")
            return head + file.read()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), mend="check the permissions"
        ) from error


def _fault(raw: bytes, syntax: str, data: Dataset) -> str | None:
    """What is wrong with the chain of elements, None when the file is whole."""
    start = 0
    if raw[128:_PREAMBLE] == b"DICM":
        start = _PREAMBLE
    start = _after_meta(raw, start)
    implicit, little = data.original_encoding
    if syntax == _DEFLATED:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        raw, start = unpacker.decompress(raw[start:], LARGEST_BYTES), 0
        if not unpacker.eof:
            return "its deflated part is not whole"
        return fault_in(raw, 0, explicit=True, little=True)
    explicit = syntax != _IMPLICIT if syntax and implicit is None else not implicit
    return fault_in(raw, start, explicit, little is not False and syntax != _BIG_ENDIAN)


def _after_meta(raw: bytes, start: int) -> int:
    """Where the file meta information (group 0002, explicit and little endian) ends."""
    at = start
    while raw[at : at + 2] == b"\x02\x00" and len(raw) - at >= 12:
        if raw[at + 4 : at + 6] in (b"OB", b"UN", b"UT"):
            at += 12 + int.from_bytes(raw[at + 8 : at + 12], "little")
        else:
            at += 8 + int.from_bytes(raw[at + 6 : at + 8], "little")
    return at


def _name(uid: str) -> str:
    from pydicom.uid import UID

    name = UID(uid).name
    return name.removesuffix(" Storage") if name != uid else uid[:64]
