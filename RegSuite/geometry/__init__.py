"""Where a voxel is in space: Grid, Image, PointSet."""

from RegSuite.geometry.grid import Grid
from RegSuite.geometry.image import Image
from RegSuite.geometry.points import PointSet

__all__ = ["Grid", "Image", "PointSet"]
