"""What stands as `slicer.app.coreIOManager()`: slicer.util loads and saves through it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import vtk

from RegSuite.mrml.application.file_types import base_name, file_type
from RegSuite.mrml.application.hierarchy_items import make_missing_items
from RegSuite.mrml.application.reading import READERS, Properties, read_node
from RegSuite.mrml.application.writing import ending, export_node, formats, save_node


class FileManager:
    """The methods of qSlicerCoreIOManager that slicer.util calls, on Slicer's logics and storage nodes.

    As in Slicer they give whether it was done, and tell why not in a vtkMRMLMessageCollection.
    """

    def __init__(self, scene: Any, application: Any, modules: Any) -> None:
        self._scene = scene
        self._application = application
        self._modules = modules

    def fileType(self, name: str) -> str:
        """Slicer's file type by the ending of the name."""
        return file_type(name)

    def loadNodes(self, kind: str, given: Properties, nodes: Any, messages: Any) -> bool:
        """Read the file given["fileName"]; the new node is added to `nodes`."""
        file = str(given["fileName"])
        if not Path(file).is_file():
            return _refuse(messages, f"there is no file {file}")
        if kind == "SceneFile":
            return self._load_scene(file, bool(given.get("clear", False)), messages)
        if kind not in READERS:
            return _refuse(messages, f"no reader for {Path(file).name}: file type {kind!r} is not known")
        name = given.get("name")
        node = read_node(kind, self._modules, file, name or base_name(file), given, messages)
        if node is None:
            return _refuse(messages, f"{Path(file).name} could not be read as {kind}")
        if name:
            node.SetName(name)
        nodes.AddItem(node)
        return True

    def fileWriterFileType(self, node: Any) -> str:
        """The class of the node: its storage node decides by the file's ending."""
        return str(node.GetClassName())

    def saveNodes(self, kind: str, given: Properties, messages: Any) -> bool:
        """Write the node given["nodeID"], or the scene (kind "SceneFile"), to given["fileName"]."""
        file = str(given["fileName"])
        if kind == "SceneFile":
            return self._save_scene(file, messages)
        node = self._scene.GetNodeByID(given["nodeID"])
        if not ending(node, file):
            return _refuse(messages, f"a {kind} cannot be written as {Path(file).name}")
        return save_node(node, file, given) or _refuse(messages, f"{file} could not be written")

    def extractKnownExtension(self, name: str, node: Any) -> str:
        """The ending of `name`, of those in which the node can be written; "." for none, as in Slicer."""
        return ending(node, str(name)) or "."

    def fileWriterExtensions(self, node: Any) -> list[str]:
        """The formats in which the node can be written, as "NRRD (.nrrd)"."""
        return formats(node)

    def exportNodes(
        self, ids: Sequence[str], files: Sequence[str], given: Properties, in_world: bool, messages: Any
    ) -> bool:
        """Write nodes without changing their storage nodes; in_world: their parents taken in."""
        for node_id, file in zip(ids, files, strict=True):
            node = self._scene.GetNodeByID(node_id)
            if not export_node(node, str(file), given, in_world=in_world):
                return _refuse(messages, f"{file} could not be written")
        return True

    def _load_scene(self, file: str, clear: bool, messages: Any) -> bool:
        """Add the scene of a file to what is there, or put it in its place (clear)."""
        if file.lower().endswith(".mrb"):
            done = self._scene.ReadFromMRB(file, clear, messages)
        else:
            self._scene.SetURL(file)
            done = self._scene.Connect(messages) if clear else self._scene.Import(messages)
        make_missing_items(self._scene)
        return bool(done)

    def _save_scene(self, file: str, messages: Any) -> bool:
        """As .mrb with all data, as .mrml alone, or (any other name) as a folder with all data."""
        path = Path(file).absolute()
        suffix = path.suffix.lower()
        if suffix not in (".mrb", ".mrml"):
            path.mkdir(parents=True, exist_ok=True)
            return bool(self._application.SaveSceneToSlicerDataBundleDirectory(str(path), None))
        self._scene.SetURL(str(path))
        self._scene.SetRootDirectory(str(path.parent))
        if suffix == ".mrb":
            return bool(self._scene.WriteToMRB(str(path), None, messages))
        return bool(self._scene.Commit(str(path), messages))


def _refuse(messages: Any, words: str) -> bool:
    messages.AddMessage(vtk.vtkCommand.ErrorEvent, words)
    return False
