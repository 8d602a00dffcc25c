"""scene.mrb: a scene and its data in one file, small and soon written."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
from numpy.typing import NDArray

from RegSuite.errors import DiskFull, OutputError
from RegSuite.io.atomic import replacing
from RegSuite.io.write_image import NEARLY_FULL_BYTES
from RegSuite.mrml.sampled import asked_of_vtk
from RegSuite.mrml.slabs import finish
from RegSuite.mrml.space import in_space
from RegSuite.mrml.transforms import arrays_of_transform
from RegSuite.mrml.vtk_parts import parts_from_world
from RegSuite.transforms.arrays import ArrayField

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

GRID = "vtkMRMLGridTransformNode"
GZIP_VOLUMES = "gzip_fastest"
_GZIP_WINDOW = 31
"""zlib's window bits with a gzip header and checksum."""
_SLAB_BYTES = 1 << 22


def write_bundle(scene: Any, path: Path) -> None:
    """Write the scene, with the data of all nodes that hold any, as Slicer's .mrb: whole or not at all.

    Storage nodes are given to the nodes of the scene: only for a scene of one's own. Volumes are
    compressed as fast as gzip goes; grid transforms are written by `write_field`. Raises OutputError
    or DiskFull where something cannot be written, in Slicer's words.
    """
    with (
        replacing(path, ".mrb") as temporary,
        tempfile.TemporaryDirectory(prefix=".scene-", dir=path.parent, ignore_cleanup_errors=True) as folder,
    ):
        root = Path(folder) / path.stem
        (root / "Data").mkdir(parents=True)
        _write_data(scene, root / "Data", path)
        scene.SetRootDirectory(str(root))
        scene.SetURL(str(root / f"{path.stem}.mrml"))
        messages = slicer.vtkMRMLMessageCollection()
        if not scene.Commit(scene.GetURL(), messages):
            raise _cannot("the scene", path, messages)
        _pack(Path(folder), temporary)


def _write_data(scene: Any, folder: Path, path: Path) -> None:
    """The data of every node that is saved with the scene, each in a file of its own."""
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if not node.IsA("vtkMRMLStorableNode") or not node.GetSaveWithScene():
            continue
        storage = _storage(node)
        if storage is None:
            continue
        name = f"{node.GetID()}.{_ending(node, storage)}"
        storage.SetFileName(str(folder / name))
        if node.IsA(GRID):
            _write_grid(node, folder / name)
        elif not storage.WriteData(node):
            raise _cannot(f"'{node.GetName()}'", path, storage.GetUserMessages())


def _storage(node: Any) -> Any:
    """The node's storage node, made where there is none; None for a node that is kept in the scene's text."""
    if node.GetStorageNode() is None:
        node.AddDefaultStorageNode()
    storage = node.GetStorageNode()
    if storage is None:
        return None
    storage.SetUseCompression(True)
    if node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLSegmentationNode"):
        storage.SetCompressionParameter(GZIP_VOLUMES)
    return storage


def _ending(node: Any, storage: Any) -> str:
    """What Slicer would choose, but for grid transforms: its HDF5 is not compressed and of double size."""
    if node.IsA("vtkMRMLModelNode"):
        return "vtp"  # compressed
    return "nrrd" if node.IsA(GRID) else str(storage.GetDefaultWriteFileExtension())


def _write_grid(node: Any, path: Path) -> None:
    """The node's field; one that is run backwards is solved on its own grid, as a file holds no inverse."""
    found = finish(arrays_of_transform(node))
    field = found.members[0]
    if len(found.members) > 1 or not isinstance(field, ArrayField):
        raise OutputError(f"'{node.GetName()}' is no grid transform from its parent", where=str(path))
    if field.inverted:
        field = finish(asked_of_vtk(parts_from_world(node), field.grid, found.where))
    write_field(field.displacement_mm, field.grid, path)


def write_field(displacement_mm: NDArray[Any], grid: Grid, path: Path) -> None:
    """Write u [d, *shape] in LPS mm as a compressed NRRD, which Slicer reads as a grid transform.

    float32, exact; 150 MB/s, as equal bytes are packed and no strings are sought; memory: a slab.
    2D fields become one slice without displacement across it.
    """
    solid = in_space(grid)
    field = displacement_mm.reshape(grid.ndim, *solid.shape)
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW, 9, zlib.Z_RLE)
    slices = max(1, _SLAB_BYTES // (12 * solid.size[0] * solid.size[1]))
    with path.open("wb") as file:
        file.write(_header(solid))
        for begin in range(0, solid.size[2], slices):
            part = field[:, begin : begin + slices]
            slab = np.zeros((*part.shape[1:], 3), "<f4")
            slab[..., : grid.ndim] = np.moveaxis(part, 0, -1)
            file.write(packer.compress(slab.data))
        file.write(packer.flush())


def _header(grid: Grid) -> bytes:
    """NRRD's text before the data."""

    def vector(values: Any) -> str:
        return "(" + ",".join(repr(float(v)) for v in values) + ")"

    axes = (np.asarray(grid.direction) * np.asarray(grid.spacing)).T
    lines = (
        "NRRD0005",
        "type: float",
        "dimension: 4",
        "space: left-posterior-superior",
        f"sizes: 3 {' '.join(map(str, grid.size))}",
        f"space directions: none {' '.join(vector(axis) for axis in axes)}",
        "kinds: vector domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {vector(grid.origin)}",
        "displacement field type:=resampling",
    )
    return ("\n".join(lines) + "\n\n").encode("ascii")


def _pack(folder: Path, target: Path) -> None:
    """All files below `folder` in a zip file, as they are: they are compressed already."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                small = file.suffix in (".mrml", ".json", ".csv", ".tsv", ".ctbl")
                how = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
                bundle.write(file, file.relative_to(folder).as_posix(), compress_type=how)


def _cannot(what: str, path: Path, messages: Any) -> OutputError | DiskFull:
    """The error for something that Slicer did not write, in its own words."""
    if shutil.disk_usage(path.parent).free < NEARLY_FULL_BYTES:
        return DiskFull(f"the disk is full: {what} was not written", where=str(path), mend="free space")
    words = messages.GetAllMessagesAsString().strip() if messages is not None else ""
    return OutputError(
        f"{what} was not written{': ' + words if words else ''}",
        where=str(path),
        mend="check the permissions or write elsewhere",
    )
