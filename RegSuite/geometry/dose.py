"""DoseImage: a dose on a grid, with what its file says it means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from RegSuite.geometry.image import Image


@dataclass(frozen=True, eq=False)
class DoseImage:
    """A dose in Gy: image.data [1, Z, Y, X] on its grid in LPS mm.

    dose_type: PHYSICAL or EFFECTIVE. summation: DICOM's word (PLAN, BEAM, FRACTION, ...), None of
    what is no DICOM. frame_of_reference: its UID. plans: SOP instance UIDs of the plans it belongs to.
    """

    image: Image
    dose_type: str = "PHYSICAL"
    summation: str | None = None
    frame_of_reference: str | None = None
    sop_instance: str | None = None
    plans: tuple[str, ...] = ()
    path: Path | None = None
