"""Where things are in space: Grid, Image (and ArrayImage, before torch), DoseImage, PointSet, structures."""

from RegSuite.geometry.array_image import ArrayImage
from RegSuite.geometry.dose import DoseImage
from RegSuite.geometry.grid import Grid
from RegSuite.geometry.image import Image
from RegSuite.geometry.points import PointSet
from RegSuite.geometry.structure import ContourStructure, Structure, SurfaceStructure, VoxelStructure

__all__ = [
    "ArrayImage",
    "ContourStructure",
    "DoseImage",
    "Grid",
    "Image",
    "PointSet",
    "Structure",
    "SurfaceStructure",
    "VoxelStructure",
]
