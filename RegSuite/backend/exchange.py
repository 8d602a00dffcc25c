"""What two processes hand each other: engine objects as raw arrays and JSON in a private folder."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import fields, is_dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.backend.arrays import read_array, write_array_in_steps
from RegSuite.backend.classes import class_of, is_exchanged
from RegSuite.backend.made import AS_ARRAYS, made, made_of_arrays
from RegSuite.backend.ragged import is_ragged, read_ragged, write_ragged_in_steps
from RegSuite.errors import InputError
from RegSuite.geometry import ArrayImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

Description = dict[str, Any]
"""What JSON can hold of a value; arrays are named by their files."""


def write_item_in_steps(value: Any, folder: Path, stem: str) -> Generator[None, None, Description]:
    """Write a value into `folder` (files named `stem`...) and return its description; yields while it writes.

    value: a number, text, path, list or mapping of such, an array, a tensor, a SimpleITK image, a Grid, an
    Image, a DoseImage, a structure, a PointSet or any Transform; what is read back is equal bit for bit.
    An ArrayImage is written in the type in which it stands and reads as an Image of the type that is
    meant, a pydantic model (a Course) reads as the mapping of its fields. Nothing is changed.
    Raises InputError for anything else, OSError where the disk does.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return {"kind": "value", "value": value}
    if isinstance(value, PathLike):
        return {"kind": "path", "value": str(value)}
    if isinstance(value, Mapping):
        values = yield from _write_all([*value.values()], folder, stem)
        return {"kind": "mapping", "keys": [_plain_key(key) for key in value], "values": values}
    if isinstance(value, list | tuple) and is_ragged(value):
        return (yield from write_ragged_in_steps(value, folder, stem))
    if isinstance(value, list | tuple):
        values = yield from _write_all([*value], folder, stem)
        return {"kind": "list", "values": values}
    if hasattr(type(value), "model_fields"):
        model = {name: getattr(value, name) for name in type(value).model_fields}
        return (yield from write_item_in_steps(model, folder, stem))
    if type(value).__module__.startswith("SimpleITK"):
        from RegSuite.io.simpleitk_bridge import image_from_sitk

        return (yield from write_item_in_steps(image_from_sitk(value, stem), folder, stem))
    if hasattr(value, "__array__"):
        return (yield from _write_array(value, folder, stem))
    if isinstance(value, ArrayImage):
        return (yield from _write_image(value, folder, stem))
    if not is_dataclass(value) or not is_exchanged(type(value)):
        raise InputError(
            f"{type(value).__name__} cannot be handed to another process",
            where=stem,
            mend="give a file name, a RegSuite.Image, PointSet or Transform, or a SimpleITK image",
        )
    names = [field.name for field in fields(value) if field.init]
    parts = yield from _write_all([getattr(value, name) for name in names], folder, stem, names)
    return {"kind": "object", "class": type(value).__name__, "fields": dict(zip(names, parts, strict=True))}


def read_item(description: Description, folder: Path, *, arrays: bool = False) -> Any:
    """The value of a description; its arrays are mapped from `folder`.

    arrays: without torch: an Image as an ArrayImage, a field or spline as RegSuite.transforms.arrays
    has it, tensors as arrays.
    """
    kind = description["kind"]
    if kind == "value":
        return description["value"]
    if kind == "path":
        return Path(description["value"])
    if kind == "mapping":
        values = [read_item(part, folder, arrays=arrays) for part in description["values"]]
        return dict(zip(description["keys"], values, strict=True))
    if kind == "list":
        return tuple(read_item(part, folder, arrays=arrays) for part in description["values"])
    if kind == "array":
        return _read_array(description, folder, arrays=arrays)
    if kind == "ragged":
        return read_ragged(description, folder)
    if kind == "object":
        parts = {name: read_item(part, folder, arrays=arrays) for name, part in description["fields"].items()}
        if arrays and description["class"] in AS_ARRAYS:
            type_name = description["fields"].get("data", {}).get("type")
            return made_of_arrays(description["class"], parts, type_name)
        return made(class_of(description["class"]), parts)
    raise InputError(f"{kind!r} is no kind of item", where=str(folder))


def moved(description: Description, prefix: str) -> Description:
    """The description as it reads from another folder, from which `prefix` leads to its files."""
    if "file" in description:
        return {**description, "file": f"{prefix}/{description['file']}"}
    if "values" in description:
        return {**description, "values": [moved(part, prefix) for part in description["values"]]}
    if "fields" in description:
        parts = {name: moved(part, prefix) for name, part in description["fields"].items()}
        return {**description, "fields": parts}
    return description


def finish(steps: Generator[None, None, Description]) -> Description:
    """What a writer returns, all its steps taken at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            description: Description = end.value
            return description


def _write_all(
    values: list[Any], folder: Path, stem: str, names: list[str] | None = None
) -> Generator[None, None, list[Description]]:
    out = []
    for index, value in enumerate(values):
        name = str(index) if names is None else names[index]
        out.append((yield from write_item_in_steps(value, folder, f"{stem}.{name}")))
    return out


def _write_array(value: Any, folder: Path, stem: str) -> Generator[None, None, Description]:
    """An array or a tensor as a .npy."""
    tensor = hasattr(value, "detach")
    file = f"{stem}.npy"
    yield from write_array_in_steps(_numpy(value), folder / file)
    return {"kind": "array", "file": file, "tensor": tensor}


def _write_image(image: ArrayImage, folder: Path, stem: str) -> Generator[None, None, Description]:
    """An ArrayImage, as the Image that it becomes."""
    parts = {"grid": image.grid, "name": image.name, "modality": image.modality, "path": image.path}
    described = yield from _write_all([*parts.values()], folder, stem, [*parts])
    whole = dict(zip(parts, described, strict=True))
    for name, values in (("data", image.values), ("mask", image.mask)):
        whole[name] = yield from write_item_in_steps(values, folder, f"{stem}.{name}")
        if values is not None:
            whole[name]["tensor"] = True
    whole["data"]["type"] = image.dtype.name
    return {"kind": "object", "class": "Image", "fields": whole}


def _numpy(value: Any) -> NDArray[Any]:
    """The values where they lie, where that can be."""
    import numpy as np

    if not hasattr(value, "detach"):
        return np.asarray(value)
    values = value.detach().cpu()
    array: NDArray[Any] = (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()
    return array


def _read_array(description: Description, folder: Path, *, arrays: bool) -> Any:
    array = read_array(folder / description["file"])
    if arrays or not description["tensor"]:
        return array
    import torch

    return torch.from_numpy(array.astype(description.get("type", array.dtype), copy=False))


def _plain_key(key: Any) -> str | int:
    """A key as JSON holds it in a list: labels stay numbers."""
    return key if isinstance(key, str) else int(key)
