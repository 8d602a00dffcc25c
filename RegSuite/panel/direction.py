"""What will be warped onto what, in a sentence that cannot be mistaken."""

from __future__ import annotations

from collections.abc import Sequence

from slicer.i18n import tr as _


def direction(fixed: str | None, moving: Sequence[str]) -> str:
    """Of the names that are chosen: 'atlas' will be warped onto 'scan'. Empty where one is missing."""
    if fixed is None or not moving:
        return ""
    if len(moving) == 1:
        words = _("'{moving}' will be warped onto '{fixed}'. Both images stay as they are.")
    else:
        words = _(
            "{n} images will be warped onto '{fixed}', one after the other. All images stay as they are."
        )
    return str(words.format(moving=moving[0], fixed=fixed, n=len(moving)))
