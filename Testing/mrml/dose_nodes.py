"""Doses and structures as SlicerRT puts them into a scene, and as the engine has them."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import ContourStructure, Grid, Image

OBLIQUE = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
GRID = Grid.make((30, 26, 20), (2.0, 2.5, 3.0), (-40.0, 12.0, -25.0), OBLIQUE)
"""Oblique and anisotropic, LPS mm."""


def a_dose(grid=GRID, name="dose"):
    """Linear in the place: 20 Gy in the middle, rising by 0.2 Gy a mm along x and 0.1 along z."""
    points = grid.all_points() - np.asarray(grid.centre)
    values = 20 + 0.2 * points[..., 0] + 0.1 * points[..., 2]
    return Image(torch.from_numpy(values.astype(np.float32))[None], grid, name)


def dose_node(image=None, *, unit="GY", on_study=False, factor=1.0):
    """A dose volume as SlicerRT loads it: marked, the unit on the node or on its study."""
    import slicer

    from RegSuite.mrml.volumes import volume_from_image

    image = a_dose() if image is None else image
    node = volume_from_image(image.with_data(image.data * factor))
    node.SetAttribute("DicomRtImport.DoseVolume", "1")
    if unit is None:
        return node
    if not on_study:
        node.SetAttribute("DicomRtImport.DoseUnitName", unit)
        return node
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "study")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), study)
    hierarchy.SetItemAttribute(study, "DicomRtImport.DoseUnitName", unit)
    return node


def a_cylinder(name="cylinder", radius=9.0, number=1, colour=(255, 0, 0), shift=(0.0, 0.0, 0.0)):
    """Nine circles of 64 points, 3 mm apart, about the middle of GRID."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    middle = np.asarray(GRID.centre) + shift
    circle = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.zeros(64)], axis=1)
    contours = tuple(middle + circle + (0, 0, 3.0 * k) for k in range(-4, 5))
    return ContourStructure(name, contours, number, colour)


def contour_segmentation(*structures, open_ones=0):
    """A segmentation as SlicerRT loads an RT Structure Set: closed lines in RAS, as their source."""
    import slicer
    import vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "structures")
    node.CreateDefaultDisplayNodes()
    node.GetSegmentation().SetSourceRepresentationName("Planar contour")
    for structure in structures:
        points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
        for number, contour in enumerate(structure.contours):
            ids = [points.InsertNextPoint(*(np.array(p) * (-1, -1, 1))) for p in contour]
            lines.InsertNextCell(len(ids) + (number >= open_ones))
            for i in ids:
                lines.InsertCellPoint(i)
            if number >= open_ones:
                lines.InsertCellPoint(ids[0])
        mesh = vtk.vtkPolyData()
        mesh.SetPoints(points)
        mesh.SetLines(lines)
        segment = slicer.vtkSegment()
        segment.SetName(structure.name)
        segment.SetColor(*(c / 255 for c in structure.colour))
        segment.AddRepresentation("Planar contour", mesh)
        node.GetSegmentation().AddSegment(segment)
    return node


def a_turn():
    """A rigid transform node, 30 degrees about z and a shift, RAS; and its matrix in LPS."""
    import slicer
    import vtk

    turn = vtk.vtkTransform()
    turn.RotateZ(30)
    turn.Translate(7, -5, 3)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    node.SetMatrixTransformToParent(turn.GetMatrix())
    ras = np.array([[turn.GetMatrix().GetElement(i, j) for j in range(4)] for i in range(4)])
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    return node, flip @ ras @ flip
