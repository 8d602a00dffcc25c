"""Structures from label maps, closed surfaces and contour stacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from RegSuite.errors import InputError
from RegSuite.geometry import ContourStructure, SurfaceStructure, VoxelStructure
from RegSuite.io.structures import read_structures
from Testing.io import rt

vtk = pytest.importorskip("vtk", reason="surfaces need vtk: pip install 'regsuite[surfaces]'")


def poly_data(points: np.ndarray, *, polys: list | None = None, lines: list | None = None) -> vtk.vtkPolyData:
    data, places = vtk.vtkPolyData(), vtk.vtkPoints()
    places.SetDataTypeToDouble()
    for point in points.tolist():
        places.InsertNextPoint(point)
    data.SetPoints(places)
    for cells, setter in ((polys, data.SetPolys), (lines, data.SetLines)):
        if cells:
            array = vtk.vtkCellArray()
            for cell in cells:
                array.InsertNextCell(len(cell), list(map(int, cell)))
            setter(array)
    return data


def write(data: vtk.vtkPolyData, path: Path) -> Path:
    writer = vtk.vtkSTLWriter() if path.suffix == ".stl" else vtk.vtkXMLPolyDataWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(data)
    assert writer.Write() == 1
    return path


BOX = np.array([[x, y, z] for z in (0, 6) for y in (0, 4) for x in (0, 2)], dtype=float) + [10, 20, 30]
FACES = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]


def volume(surface: SurfaceStructure) -> float:
    """Of a closed surface whose triangles face outward (divergence theorem), mm^3."""
    a, b, c = np.moveaxis(surface.points[surface.triangles], 1, 0)
    return float(np.einsum("ni,ni->n", a, np.cross(b, c)).sum()) / 6


def stack(heights: tuple[float, ...] = (0, 3, 6)) -> tuple[np.ndarray, list[list[int]]]:
    points = np.concatenate([rt.square(z) for z in heights]) + [100, 0, 0]
    return points, [[4 * n, 4 * n + 1, 4 * n + 2, 4 * n + 3] for n in range(len(heights))]


@pytest.mark.parametrize("ending", [".vtp", ".stl"])
@pytest.mark.parametrize("inside_out", [False, True])
def test_a_closed_surface_faces_outward_and_keeps_its_volume(
    tmp_path: Path, ending: str, inside_out: bool
) -> None:
    faces = [[f[i] for i in t] for f in FACES for t in ((0, 1, 2), (0, 2, 3))]
    faces = [f[::-1] for f in faces] if inside_out else faces
    (box,) = read_structures(write(poly_data(BOX, polys=faces), tmp_path / f"Box{ending}"))
    assert isinstance(box, SurfaceStructure)
    assert box.name == "Box"
    assert (len(box.points), len(box.triangles)) == (8, 12)
    assert volume(box) == pytest.approx(48)
    np.testing.assert_allclose(box.points.min(axis=0), (10, 20, 30))


def test_polygons_become_triangles_and_loose_corners_one_point(tmp_path: Path) -> None:
    loose = np.concatenate([BOX[face] for face in FACES])
    (box,) = read_structures(
        write(poly_data(loose, polys=[range(4 * n, 4 * n + 4) for n in range(6)]), tmp_path / "b.vtp")
    )
    assert isinstance(box, SurfaceStructure)
    assert (len(box.points), volume(box)) == (8, pytest.approx(48))


def test_ras_files_are_turned_to_lps(tmp_path: Path) -> None:
    path = write(poly_data(BOX, polys=FACES), tmp_path / "b.vtp")
    (box,) = read_structures(path, space="RAS")
    np.testing.assert_allclose(box.points.max(axis=0), (-10, -20, 36))
    assert volume(box) == pytest.approx(48)


def test_a_sphere_of_vtk_has_the_volume_vtk_says(tmp_path: Path) -> None:
    source, mass = vtk.vtkSphereSource(), vtk.vtkMassProperties()
    source.SetRadius(10)
    source.SetThetaResolution(40)
    source.SetPhiResolution(40)
    mass.SetInputConnection(source.GetOutputPort())
    source.Update()
    (ball,) = read_structures(write(source.GetOutput(), tmp_path / "ball.stl"))
    assert volume(ball) == pytest.approx(mass.GetVolume(), rel=1e-5)


def test_an_open_surface_is_refused_with_its_open_edges(tmp_path: Path) -> None:
    path = write(poly_data(BOX, polys=FACES[1:]), tmp_path / "b.vtp")
    with pytest.raises(InputError, match="not closed: 4 of 12 edges are open"):
        read_structures(path)


def test_triangles_that_face_different_ways_are_refused(tmp_path: Path) -> None:
    path = write(poly_data(BOX, polys=[FACES[0][::-1], *FACES[1:]]), tmp_path / "b.vtp")
    with pytest.raises(InputError, match="face different ways"):
        read_structures(path)


def test_two_boxes_that_touch_along_an_edge_are_one_closed_surface(tmp_path: Path) -> None:
    both = np.concatenate([BOX, BOX + [2, 4, 0]])
    faces = FACES + [[i + 8 for i in face] for face in FACES]
    (pair,) = read_structures(write(poly_data(both, polys=faces), tmp_path / "b.vtp"))
    assert isinstance(pair, SurfaceStructure)
    assert (len(pair.points), volume(pair)) == (14, pytest.approx(96))


@pytest.mark.parametrize("kind", ["lines", "polys"])
def test_lines_and_lone_polygons_are_contours(tmp_path: Path, kind: str) -> None:
    points, rings = stack()
    cells = {"lines": [[*r, r[0]] for r in rings]} if kind == "lines" else {"polys": rings}
    (only,) = read_structures(write(poly_data(points, **cells), tmp_path / "c.vtp"))
    assert isinstance(only, ContourStructure)
    assert [c.shape for c in only.contours] == [(4, 3)] * 3
    np.testing.assert_array_equal(only.contours[1], rt.square(3) + [100, 0, 0])


def test_short_segments_are_joined_to_contours(tmp_path: Path) -> None:
    points, rings = stack((0, 3))
    segments = [[r[i], r[(i + 1) % 4]] for r in rings for i in (2, 0, 3, 1)]
    segments[1] = segments[1][::-1]
    (only,) = read_structures(write(poly_data(points, lines=segments), tmp_path / "c.vtp"))
    assert sorted(len(c) for c in only.contours) == [4, 4]
    assert {float(c[0, 2]) for c in only.contours} == {0.0, 3.0}


def test_open_contours_are_refused_with_their_gap(tmp_path: Path) -> None:
    points, rings = stack((0, 3))
    path = write(poly_data(points, lines=[[*rings[0], rings[0][0]], rings[1]]), tmp_path / "c.vtp")
    with pytest.raises(InputError, match="1 of 2 contours are open, with ends up to 20 mm apart"):
        read_structures(path)


def folder_of_three(tmp_path: Path) -> Path:
    folder = tmp_path / "structures"
    folder.mkdir()
    points, rings = stack()
    write(poly_data(points, polys=rings), folder / "a.vtp")
    write(poly_data(BOX, polys=FACES), folder / "b.vtp")
    write(
        poly_data(BOX, polys=[[f[0], f[1], f[2]] for f in FACES] + [[f[0], f[2], f[3]] for f in FACES]),
        folder / "c.stl",
    )
    return folder


def test_a_folder_gets_its_names_from_its_table(tmp_path: Path) -> None:
    folder = folder_of_three(tmp_path)
    (folder / "names.csv").write_text("file,name,extra\nc.stl,Bone,1\na.vtp,Organ,2\ngone.vtp,Gone,3\n")
    told: list[str] = []
    found = read_structures(folder, warnings=told)
    assert [s.name for s in found] == ["Bone", "Organ", "b"]
    assert [type(s) for s in found] == [SurfaceStructure, ContourStructure, SurfaceStructure]
    assert "lacks b.vtp" in told[0]


def test_another_table_names_files_relative_to_itself_with_the_column_structure(tmp_path: Path) -> None:
    folder = folder_of_three(tmp_path)
    table = tmp_path / "all.csv"
    table.write_text(
        "set,file,structure\n1,structures/a.vtp,A\n1,structures/b.vtp,B\n1,structures/c.stl,C\n2,x/y.vtp,Y\n"
    )
    told: list[str] = []
    assert [s.name for s in read_structures(folder, names=table, warnings=told)] == ["A", "B", "C"]
    assert told == []
    assert read_structures(folder / "b.vtp", names=table)[0].name == "B"


def test_without_a_table_files_are_called_by_their_names(tmp_path: Path) -> None:
    assert [s.name for s in read_structures(folder_of_three(tmp_path))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,name\na.vtp,X\nb.vtp,X\n", "several files are called 'X'"),
        ("file,name\na.vtp,X\na.vtp,Y\n", "a.vtp has two names, 'X' and 'Y'"),
        ("file,name\na.vtp,\n", "without a file or a name"),
        ("wrong\n1\n", "without a file or a name"),
    ],
)
def test_tables_that_do_not_name_are_refused(tmp_path: Path, text: str, words: str) -> None:
    folder = folder_of_three(tmp_path)
    (folder / "names.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_structures(folder)


def label_map(path: Path, values: np.ndarray) -> Path:
    image = sitk.GetImageFromArray(values.astype(np.uint8))
    image.SetSpacing((1.0, 2.0, 3.0))
    image.SetOrigin((-5, 6, 7))
    image.SetDirection((0.6, -0.48, 0.64, 0.8, 0.36, -0.48, 0.0, 0.8, 0.6))
    sitk.WriteImage(image, str(path))
    return path


def test_each_label_is_a_structure_where_the_map_has_it(tmp_path: Path) -> None:
    values = np.zeros((6, 7, 8))
    values[2, 3, 4], values[3:5, 0, 7] = 1, 9
    path = label_map(tmp_path / "l.nrrd", values)
    (tmp_path / "l.csv").write_text("label,name\n1,Heart\n9,Lung\n4,Gone\n")
    told: list[str] = []
    heart, lung = read_structures(path, warnings=told)
    assert isinstance(heart, VoxelStructure)
    assert (heart.name, heart.number, lung.name, lung.number) == ("Heart", 1, "Lung", 9)
    assert heart.inside.data.shape == (1, 3, 3, 3)
    assert float(heart.inside.data.sum()) == 1
    middle = sitk.ReadImage(str(path)).TransformIndexToPhysicalPoint((4, 3, 2))
    np.testing.assert_allclose(heart.inside.grid.points([1, 1, 1]), middle, atol=1e-9)
    assert lung.inside.data.shape == (1, 4, 2, 2)
    assert "no voxel of 'Gone' (4)" in told[0]


def test_labels_without_a_name_or_with_the_same_one_are_told_apart(tmp_path: Path) -> None:
    values = np.zeros((2, 3, 4))
    values[0, 0, :3] = (1, 2, 3)
    path = label_map(tmp_path / "l.nrrd", values)
    (tmp_path / "n.csv").write_text("value,freesurfer_name\n1,A\n2,A\n")
    names = [s.name for s in read_structures(path, names=tmp_path / "n.csv")]
    assert names == ["A (label 1)", "A (label 2)", "label 3"]


def test_what_holds_no_structure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="label map is empty"):
        read_structures(label_map(tmp_path / "l.nrrd", np.zeros((2, 3, 4))))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match=r"no \.vtp or \.stl file in the folder"):
        read_structures(empty)
    with pytest.raises(InputError, match="does not exist"):
        read_structures(tmp_path / "none.dcm")
    with pytest.raises(InputError, match="points only"):
        read_structures(write(vertices(), tmp_path / "v.vtp"))
    for ending in (".vtp", ".stl"):
        (tmp_path / f"x{ending}").write_text("no surface")
        with pytest.raises(InputError):
            read_structures(tmp_path / f"x{ending}")


def vertices() -> vtk.vtkPolyData:
    data, cells = poly_data(BOX), vtk.vtkCellArray()
    cells.InsertNextCell(1, [0])
    data.SetVerts(cells)
    return data


def test_a_structure_set_has_its_own_names_and_space(tmp_path: Path) -> None:
    path = rt.structure_set(tmp_path / "s.dcm", [("Organ", [rt.contour(rt.square(0))])])
    assert read_structures(path)[0].name == "Organ"
    with pytest.raises(InputError, match="has its own names"):
        read_structures(path, names=tmp_path / "n.csv")
    with pytest.raises(InputError, match="the space RAS is for surfaces"):
        read_structures(path, space="RAS")
    with pytest.raises(InputError, match="RT Dose where RT Structure Set is wanted"):
        read_structures(rt.dose(tmp_path / "d.dcm", np.ones((2, 2, 2), np.uint16)))
