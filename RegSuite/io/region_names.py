"""Names of the regions of an RT Structure Set: told apart where nothing is lost by it, else refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from RegSuite.errors import InputError
from RegSuite.io.dicom_fields import Fields
from RegSuite.io.names import distinct_names


@dataclass(frozen=True)
class Region:
    """A row of StructureSetROISequence."""

    number: int
    name: str
    frame: str


def named_apart(
    regions: Mapping[int, Region], drawn: Mapping[int, Fields], path: Path, warnings: list[str]
) -> dict[int, Region]:
    """The regions with names that differ. Raises InputError where two of one name have contours."""
    filled = {n for n in regions if n in drawn and drawn[n].has("ContourSequence")}
    holders: dict[str, list[int]] = {}
    for region in regions.values():
        holders.setdefault(region.name.strip(), []).append(region.number)
    called = {n: r.name for n, r in regions.items()}
    for name, numbers in holders.items():
        with_contours = [n for n in numbers if n in filled]
        if not name or len(numbers) == 1:
            continue
        if len(with_contours) > 1:
            said = " and ".join(f"ROI {n}" for n in with_contours)
            raise InputError(
                f"{len(with_contours)} structures are called '{name}': {said}",
                where=str(path),
                mend="rename one of them and export the structure set again",
            )
        empty = [n for n in numbers if n not in with_contours][0 if with_contours else 1 :]
        called |= {n: f"{name} (ROI {n})" for n in empty}
        warnings.append(
            f"{path.name}: {len(numbers)} structures are called '{name}'; those without contours are now "
            + ", ".join(called[n] for n in empty)
        )
    names = distinct_names([(called[n], n) for n in regions], "ROI", path.name, warnings)
    return {n: Region(n, new, r.frame) for (n, r), new in zip(regions.items(), names, strict=True)}
