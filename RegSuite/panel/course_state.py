"""What the panel of a course remembers in the scene: scan, structures, the rows of fractions, a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLANNING, STRUCTURES = "coursePlanning", "courseStructures"
"""Node references of the parameter node; a row has fraction1Image, fraction1Dose, fraction1Transform, ..."""

FILE, UNIT, COUNTS = "courseFile", "courseDoseUnit", "courseCounts"
"""Parameters of it: COURSE.yaml, the unit of doses that do not say theirs, fractions by row as JSON."""

PARTS = ("image", "dose", "transform")


@dataclass(frozen=True, eq=False)
class FractionRow:
    """A row of the table of fractions: nodes or None, and how many equal fractions the dose holds."""

    image: Any = None
    dose: Any = None
    transform: Any = None
    count: float = 1.0


class CourseState:
    """The course of a MRML parameter node (not the wrapped one). Nodes survive saving and loading a scene."""

    def __init__(self, node: Any) -> None:
        self._node = node

    @property
    def planning(self) -> Any:
        """The planning volume, None for none."""
        return self._node.GetNodeReference(PLANNING)

    @property
    def structures(self) -> Any:
        """The segmentation (or label map) of the structures, None for none."""
        return self._node.GetNodeReference(STRUCTURES)

    @property
    def file(self) -> Path | None:
        """A COURSE.yaml that stands for everything in the scene; None for none."""
        text = (self._node.GetParameter(FILE) or "").strip()
        return Path(text).expanduser() if text else None

    @property
    def unit(self) -> str:
        """Gy, cGy or mGy of dose volumes that do not say theirs; '': such doses are refused."""
        return str(self._node.GetParameter(UNIT) or "")

    @property
    def rows(self) -> list[FractionRow]:
        """The fractions, in their order."""
        counts = json.loads(self._node.GetParameter(COUNTS) or "[]")
        return [
            FractionRow(
                **{part: self._node.GetNodeReference(_role(n, part)) for part in PARTS}, count=float(count)
            )
            for n, count in enumerate(counts)
        ]

    def set_node(self, role: str, node: Any) -> None:
        """Keep the planning volume or the structures."""
        self._node.SetNodeReferenceID(role, None if node is None else node.GetID())

    def set_text(self, name: str, text: str) -> None:
        """Keep the file or the unit."""
        self._node.SetParameter(name, text)

    def set_rows(self, rows: Sequence[FractionRow]) -> None:
        """Keep the fractions."""
        before = len(json.loads(self._node.GetParameter(COUNTS) or "[]"))
        was = self._node.StartModify()
        try:
            for n in range(max(before, len(rows))):
                for part in PARTS:
                    node = getattr(rows[n], part) if n < len(rows) else None
                    self._node.SetNodeReferenceID(_role(n, part), None if node is None else node.GetID())
            self._node.SetParameter(COUNTS, json.dumps([row.count for row in rows]))
        finally:
            self._node.EndModify(was)

    def course(self) -> Any:
        """The course as the workflow takes it: the file, or a mapping of COURSE.yaml's keys with nodes."""
        if self.file is not None:
            return self.file
        return {
            "planning": {"image": self.planning, "structures": self.structures},
            "fractions": [_fraction(row, self.unit) for row in self.rows],
        }


def _fraction(row: FractionRow, unit: str) -> dict[str, Any]:
    """A row as a fraction of a course; the unit only of a dose that does not say its own."""
    from RegSuite.mrml.dose_volumes import unit_of

    out: dict[str, Any] = {part: getattr(row, part) for part in PARTS if getattr(row, part) is not None}
    if unit and row.dose is not None and unit_of(row.dose) is None:
        out["dose_unit"] = unit
    return {**out, "fractions": row.count}


def _role(number: int, part: str) -> str:
    return f"fraction{number + 1}{part.capitalize()}"
