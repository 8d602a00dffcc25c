"""A finished result, as another process reads it to show it: SceneContent as raw arrays."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.backend.exchange import Description, finish, read_item, write_item_in_steps

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent

CONTENT_FILE = "content.json"
IN_RESULT = "result"
"""The kind of an item that is a file in the result folder."""

SCHEMA = "regsuite.content/1"


def write_content(
    content: SceneContent,
    folder: Path,
    known: Mapping[str, Description] | None = None,
    result: Path | None = None,
) -> None:
    """Write a result's items into the new folder `folder`, raw: no compression, about the disk's speed.

    known: descriptions, relative to `folder`, of items that lie on this disk already. Items that
    are functions are made here; roles without an item are left out. result: the result folder as long
    as it is written: items that are files in it are named by their place there.
    """
    folder.mkdir()
    items = dict(known or {})
    for role in content.items:
        item = None if role in items else content.item(role)
        if item is not None:
            items[role] = _in_result(item, result) or finish(write_item_in_steps(item, folder, role))
    text = {
        "schema": SCHEMA,
        "workflow": content.workflow.name,
        "record": content.record.to_dict(),
        "items": {role: items[role] for role in content.items if role in items},
        "label_names": finish(write_item_in_steps(dict(content.label_names), folder, "label_names")),
        "centre_mm": None if content.centre_mm is None else [float(v) for v in content.centre_mm],
        "name": content.name,
    }
    (folder / CONTENT_FILE).write_text(json.dumps(text), encoding="utf-8")


def _in_result(item: Any, result: Path | None) -> Description | None:
    """The description of a file in the result folder, which will have another name; None of all else."""
    if result is None or not isinstance(item, Path) or result not in item.parents:
        return None
    return {"kind": IN_RESULT, "value": item.relative_to(result).as_posix()}


def read_content(folder: Path, *, arrays: bool = False, result: Path | None = None) -> SceneContent:
    """The content in `folder`; each item is a function that maps its arrays when it is called.

    arrays: items without torch, see `read_item`. result: where the result folder lies now.
    """
    from RegSuite.report.result import Result as ResultRecord
    from RegSuite.workflows import get_workflow
    from RegSuite.workflows.scene import SceneContent

    text = json.loads((folder / CONTENT_FILE).read_text(encoding="utf-8"))
    items: dict[str, Callable[[], Any]] = {
        role: partial(_read, description, folder, arrays, result)
        for role, description in text["items"].items()
    }
    centre = text["centre_mm"]
    return SceneContent(
        workflow=get_workflow(text["workflow"]),
        record=ResultRecord.model_validate(text["record"]),
        items=items,
        label_names=read_item(text["label_names"], folder),
        centre_mm=None if centre is None else tuple(centre),
        name=text["name"],
    )


def _read(description: Description, folder: Path, arrays: bool, result: Path | None) -> Any:
    """An item; a file of the result where that lies now, None where there is no result folder any more."""
    if description["kind"] == IN_RESULT:
        return None if result is None else result / description["value"]
    return read_item(description, folder, arrays=arrays)
