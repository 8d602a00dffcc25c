"""Where a voxel is in space: Grid, Image (and ArrayImage, before torch), PointSet."""

from RegSuite.geometry.array_image import ArrayImage
from RegSuite.geometry.grid import Grid
from RegSuite.geometry.image import Image
from RegSuite.geometry.points import PointSet

__all__ = ["ArrayImage", "Grid", "Image", "PointSet"]
