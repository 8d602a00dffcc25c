"""Slicer's file types by the ending of the file's name."""

from __future__ import annotations

from pathlib import Path

ENDINGS = {
    ".seg.nrrd": "SegmentationFile",
    ".seg.nhdr": "SegmentationFile",
    ".seq.nrrd": "SequenceFile",
    ".seq.nhdr": "SequenceFile",
    ".seq.mha": "SequenceFile",
    ".seq.mrb": "SequenceFile",
    ".mrk.json": "MarkupsFile",
    ".fcsv": "MarkupsFile",
    ".mrb": "SceneFile",
    ".mrml": "SceneFile",
    ".nrrd": "VolumeFile",
    ".nhdr": "VolumeFile",
    ".nii": "VolumeFile",
    ".nii.gz": "VolumeFile",
    ".mha": "VolumeFile",
    ".mhd": "VolumeFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
    ".vtk": "ModelFile",
    ".vtp": "ModelFile",
    ".stl": "ModelFile",
    ".obj": "ModelFile",
    ".ply": "ModelFile",
    ".csv": "TableFile",
    ".tsv": "TableFile",
    ".txt": "TextFile",
    ".ctbl": "ColorTableFile",
}
"""Double endings stand before the simple ones they end in."""


def file_type(name: str | Path) -> str:
    """As Slicer calls it; "NoFile" for an ending that is not known."""
    lower = str(name).lower()
    return next((kind for ending, kind in ENDINGS.items() if lower.endswith(ending)), "NoFile")


def base_name(name: str | Path) -> str:
    """The file's name without folder and known ending: what a node read from it is called."""
    return without_ending(Path(name).name)


def without_ending(name: str) -> str:
    """The name without a known ending; a slash in it is no folder."""
    known = next((ending for ending in ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(known)] or name
