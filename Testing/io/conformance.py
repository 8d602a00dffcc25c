"""Does an object say what PS3.3 wants of its kind? From the standard's tables, as highdicom carries them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.valuerep import MAX_VALUE_LEN, VR

_ALWAYS_IN_IMAGES = ("general-image", "image-plane", "image-pixel", "multi-frame")


def faults(path: Path) -> list[str]:
    """What the object lacks or has too much of: attributes of type 1 and 2, unknown ones, lengths.

    Conditions (types 1C, 2C) are not evaluated; the tests of each writer look at those that count.
    """
    standard = pytest.importorskip("highdicom._standard_utils", reason="the standard's tables need highdicom")
    data = pydicom.dcmread(path)
    iod = standard.get_sop_class_iod_map()[data.SOPClassUID]
    modules = standard.get_iod_module_map()[iod]
    # functional groups may be shared or each frame's, which the tables do not tell apart
    needed = [m["key"] for m in modules if m["usage"] == "M" and "functional-groups" not in m["key"]]
    if "PixelData" in data:
        needed += [m["key"] for m in modules if m["key"] in _ALWAYS_IN_IMAGES]
    found = []
    for key in needed:
        found += _missing(data, standard.construct_module_tree(key), key, "")
    known: dict[str, Any] = {"attributes": {}}
    for module in modules:
        _join(known, standard.construct_module_tree(module["key"]))
    return [*found, *_unknown(data, known, ""), *_values(data, "")]


def _missing(data: Dataset, tree: dict[str, Any], module: str, place: str) -> Iterator[str]:
    for keyword, entry in tree["attributes"].items():
        kind, here = entry["type"].value, f"{place}{keyword}"
        if kind in ("1", "2") and keyword not in data:
            yield f"{here} (type {kind} of {module}) is missing"
        elif kind == "1" and keyword in data and data[keyword].is_empty:
            yield f"{here} (type 1 of {module}) is empty"
        if "attributes" in entry and keyword in data:
            for number, item in enumerate(data[keyword].value):
                yield from _missing(item, entry, module, f"{here}[{number}].")


def _join(into: dict[str, Any], tree: dict[str, Any]) -> None:
    for keyword, entry in tree["attributes"].items():
        own = into["attributes"].setdefault(keyword, {})
        if "attributes" in entry:
            own.setdefault("attributes", {})
            _join(own, entry)


def _unknown(data: Dataset, tree: dict[str, Any], place: str) -> Iterator[str]:
    for element in data:
        if element.keyword not in tree["attributes"]:
            yield f"{place}{element.keyword or element.tag} is no attribute of this object"
        elif element.VR == "SQ":
            for number, item in enumerate(element.value):
                inner = {"attributes": {}, **tree["attributes"][element.keyword]}
                yield from _unknown(item, inner, f"{place}{element.keyword}[{number}].")


def _values(data: Dataset, place: str) -> Iterator[str]:
    for element in data:
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from _values(item, f"{place}{element.keyword}[{number}].")
            continue
        most = MAX_VALUE_LEN.get(VR(element.VR)) if element.VR in VR.__members__ else None
        for value in element.value if element.VM > 1 else [element.value]:
            text = getattr(value, "original_string", None) or str(value)
            if most and value is not None and len(text) > most:
                yield f"{place}{element.keyword} has {len(text)} characters, more than {element.VR}'s {most}"
