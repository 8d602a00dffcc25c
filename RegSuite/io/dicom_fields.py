"""Values out of a DICOM data set: of the type and count that is wanted, or refused with the field's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.io.dicom_file import broken

if TYPE_CHECKING:
    from pydicom import Dataset

FloatArray = NDArray[np.float64]


class Fields:
    """A data set and the file it is of, for messages. Sequence items are Fields of the same file."""

    def __init__(self, data: Dataset, path: Path | str) -> None:
        self.data, self.path = data, path

    def text(self, keyword: str) -> str:
        """A text, stripped; empty where it is missing."""
        value = self._value(keyword)
        return "" if value is None else str(value).strip().strip("\0")

    def whole(self, keyword: str, default: int | None = None) -> int:
        """A whole number. Raises InputError where it is missing and there is no default."""
        value = self._value(keyword)
        if value is None or value == "":
            if default is None:
                raise self.wrong(keyword, "is missing")
            return default
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise self.wrong(keyword, f"is '{str(value)[:40]}', not a number") from error
        if not number.is_integer():
            raise self.wrong(keyword, f"is {number:g}, not a whole number")
        return int(number)

    def numbers(self, keyword: str, count: int | None = None) -> FloatArray:
        """All values of a field as float64 [n], read from its text at once (contours have thousands).

        Raises InputError where it is missing, is no number, is not finite or has not `count` values.
        """
        raw = self._raw(keyword)
        if raw is None:
            raise self.wrong(keyword, "is missing")
        try:
            values = np.array([float(v) for v in raw], dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise self.wrong(keyword, f"holds what is no number: {str(error)[:80]}") from error
        if count is not None and len(values) != count:
            raise self.wrong(keyword, f"has {len(values)} values where {count} are wanted")
        if not np.isfinite(values).all():
            raise self.wrong(keyword, "holds values that are not finite")
        return values

    def has(self, keyword: str) -> bool:
        """Whether the field is there with a value."""
        return self._value(keyword) not in (None, "", [])

    def items(self, keyword: str) -> list[Fields]:
        """The items of a sequence; none where it is missing."""
        from pydicom.sequence import Sequence as Items

        value = self._value(keyword)
        if value is None or value == "":
            return []
        if not isinstance(value, Items):
            raise self.wrong(keyword, "is no sequence of items")
        try:
            return [Fields(item, self.path) for item in value]
        except broken() as error:
            raise self.wrong(keyword, f"cannot be read: {str(error)[:120]}") from error

    def raw_bytes(self, keyword: str) -> bytes:
        """The bytes of a field, in the file's byte order; empty where it is missing."""
        value = self._value(keyword)
        if value is None:
            return b""
        if not isinstance(value, bytes):
            raise self.wrong(keyword, "holds no bytes")
        return value

    def wrong(self, keyword: str, what: str) -> InputError:
        """An InputError on one field."""
        return InputError(f"{keyword} {what}", where=str(self.path), mend="export the object again")

    def _value(self, keyword: str) -> Any:
        try:
            return self.data.get(keyword)
        except broken() as error:
            raise self.wrong(keyword, f"cannot be read: {str(error)[:120]}") from error

    def _raw(self, keyword: str) -> Sequence[Any] | None:
        """The values, as text where the file has them as text; None where there are none."""
        from pydicom.datadict import tag_for_keyword
        from pydicom.dataelem import RawDataElement

        try:
            element: Any = self.data.get_item(tag_for_keyword(keyword) or 0)
        except broken() as error:
            raise self.wrong(keyword, f"cannot be read: {str(error)[:120]}") from error
        if isinstance(element, RawDataElement) and element.VR in (None, "DS", "UN") and _is_text(keyword):
            text = (element.value or b"").strip(b"\0 ")
            return text.decode("ascii", "replace").split("\\") if text else None
        value = self._value(keyword)
        if value is None or value == "":
            return None
        return [value] if isinstance(value, int | float | str) else list(value)


def _is_text(keyword: str) -> bool:
    from pydicom.datadict import dictionary_VR

    return dictionary_VR(keyword) == "DS"
