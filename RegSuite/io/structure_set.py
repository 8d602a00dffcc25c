"""StructureSet: the structures of an RT Structure Set, with what they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from RegSuite.geometry.structure import ContourStructure


@dataclass(frozen=True, eq=False)
class StructureSet:
    """The structures of an RT Structure Set, and what it says they belong to.

    frame_of_reference: of the contours. referenced_images: SOP instance UIDs of the scan's slices,
    in the file's order. kinds: DICOM's word (PTV, ORGAN, EXTERNAL, ...) by structure number.
    left_out: {name: why} of regions that are no closed volume here.
    """

    structures: tuple[ContourStructure, ...]
    frame_of_reference: str | None
    sop_instance: str | None
    label: str
    referenced_images: tuple[str, ...] = ()
    kinds: Mapping[int, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None

    def images_missing_from(self, present: Collection[str]) -> tuple[str, ...]:
        """The slices it refers to that are not among the SOP instance UIDs of a scan."""
        return tuple(uid for uid in self.referenced_images if uid not in present)
