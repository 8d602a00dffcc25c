"""How dose files of RegSuite say that a dose is not known; NIfTI and RT Dose have no word for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from RegSuite.geometry import Image

UNKNOWN = -1.0
"""Stands in RegSuite's dose images where the dose is not known: ITK reads a NaN in NIfTI as 0, no dose."""

_IN_COMMENT = re.compile(r"\((\d+) unknown voxels are 0\)")


def without_unknown(image: Image, name: str, warnings: list[str]) -> Image:
    """NaN for UNKNOWN in an image in Gy that holds it and nothing else below 0; any other image as it is.

    name: of the file, for the sentences that are appended to warnings.
    """
    import torch

    negative = image.data < 0
    if not bool(negative.any()):
        return image
    low = float(image.data.min())
    unknown = image.data == UNKNOWN
    if low < UNKNOWN or not bool((unknown == negative).all()) or not float(image.data.max()) > 0:
        warnings.append(f"{name}: the dose is negative in places, down to {low:.3g} Gy")
        return image
    warnings.append(
        f"{name}: {int(unknown.sum())} voxels of {UNKNOWN:g} are taken as a dose that is not known, as in "
        "RegSuite's own files, and left out"
    )
    return image.with_data(image.data.masked_fill(unknown, torch.nan))


def comment_on(unknown: int) -> str:
    """What an RT Dose's comment says of voxels whose 0 is no dose; nothing of none."""
    return f" ({unknown} unknown voxels are 0)" if unknown else ""


def unknown_in(comment: str) -> int:
    """How many voxels a comment by `comment_on` speaks of."""
    found = _IN_COMMENT.search(comment)
    return int(found[1]) if found else 0
