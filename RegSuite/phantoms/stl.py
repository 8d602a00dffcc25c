"""Closed surfaces as binary .stl files, without vtk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from RegSuite.geometry import SurfaceStructure
from RegSuite.io.atomic import replacing

_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def write_stl(surface: SurfaceStructure, path: Path) -> None:
    """Write a surface as it stands (LPS mm, float32), whole or not at all."""
    corners = surface.points[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    rows = np.zeros(len(corners), _TRIANGLE)
    rows["corners"] = corners
    rows["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    header = f"RegSuite, LPS mm: {surface.name}".encode("ascii", "replace")[:80].ljust(80)
    with replacing(path, ".stl") as temporary:
        temporary.write_bytes(header + np.uint32(len(rows)).tobytes() + rows.tobytes())
