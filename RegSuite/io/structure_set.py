"""StructureSet: the structures of an RT Structure Set, with what they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from RegSuite.errors import InputError
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

    def chosen(self, names: Collection[str]) -> tuple[ContourStructure, ...]:
        """The structures of these names, in their order.

        Raises InputError for a name that is not there, or that is of a region left out, with the reason.
        """
        here = {s.name: s for s in self.structures}
        for name in names:
            if name not in here:
                near = get_close_matches(name, here, n=1)
                raise InputError(
                    f"structure '{name}' cannot be used: {self.left_out[name]}"
                    if name in self.left_out
                    else f"there is no structure '{name}'" + (f"; did you mean '{near[0]}'?" if near else ""),
                    where=str(self.path or self.label),
                    mend="draw it as closed contours and export the set again, or leave the name out",
                )
        return tuple(here[name] for name in names)

    def images_missing_from(self, present: Collection[str]) -> tuple[str, ...]:
        """The slices it refers to that are not among the SOP instance UIDs of a scan."""
        return tuple(uid for uid in self.referenced_images if uid not in present)
