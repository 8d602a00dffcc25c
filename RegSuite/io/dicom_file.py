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
UNPACKED_BYTES = 1 << 29
"""Of a deflated file; a few MB can be made to unpack without end."""

_PREAMBLE = 132
_DEFLATED = "1.2.840.10008.1.2.1.99"
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
    StopIteration,
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
        unpacked = _unpacked(raw, path)
        data = pydicom.dcmread(io.BytesIO(raw), force=True)
        found = str(data.get("SOPClassUID", "") or "")
        fault = _fault(raw, unpacked, data)
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


def is_dicom(path: Path) -> bool:
    """Whether a file looks like DICOM, with the preamble or without."""
    with path.open("rb") as file:
        return _looks(file.read(_PREAMBLE))


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
            if not _looks(head):
                raise InputError("the file is no DICOM", where=str(path), mend="name a DICOM file")
            return head + file.read()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), mend="check the permissions"
        ) from error


def _looks(head: bytes) -> bool:
    """Whether a file's first 132 bytes are DICOM's."""
    return head[128:] == b"DICM" or head[:2] in _GROUPS


def _fault(raw: bytes, unpacked: bytes | None, data: Dataset) -> str | None:
    """What is wrong with the chain of elements, None when the file is whole."""
    if unpacked is not None:
        return fault_in(unpacked, 0, explicit=True, little=True)
    implicit, little = data.original_encoding
    return fault_in(raw, _meta(raw)[0], explicit=implicit is False, little=little is not False)


def _unpacked(raw: bytes, path: Path) -> bytes | None:
    """The data set of a deflated file; None of any other. Unpacks no further than it may."""
    start, syntax = _meta(raw)
    if syntax != _DEFLATED:
        return None
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    out = unpacker.decompress(raw[start:], UNPACKED_BYTES)
    if unpacker.unconsumed_tail:
        raise InputError(
            f"the deflated file unpacks to more than {UNPACKED_BYTES} bytes",
            where=str(path),
            mend="export the object without compression",
        )
    if not unpacker.eof:
        raise EOFError("its deflated part is not whole")
    return out


def _meta(raw: bytes) -> tuple[int, str]:
    """Where the file meta information (group 0002, explicit, little endian) ends, and the transfer syntax."""
    at = _PREAMBLE if raw[128:_PREAMBLE] == b"DICM" else 0
    syntax = ""
    while raw[at : at + 2] == b"\x02\x00" and len(raw) - at >= 12:
        long = raw[at + 4 : at + 6] in (b"OB", b"UN", b"UT")
        value = at + (12 if long else 8)
        length = int.from_bytes(raw[value - 4 : value] if long else raw[value - 2 : value], "little")
        if raw[at + 2 : at + 4] == b"\x10\x00":
            syntax = raw[value : value + length].decode("ascii", "replace").strip("\0 ")
        at = value + length
    return at, syntax


def _name(uid: str) -> str:
    from pydicom.uid import UID

    name = UID(uid).name
    return name.removesuffix(" Storage") if name != uid else uid[:64]
