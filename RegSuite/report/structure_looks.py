"""The colour and line style of each structure, the same in every chart, picture and table of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Colour = Sequence[int] | None
"""Red, green, blue (0..255); None of a structure without a colour of its own."""

_COLOURS = (
    "#2563a8", "#b3261e", "#1b7f4b", "#d97706", "#7c3aed",
    "#0e7490", "#be185d", "#4d7c0f", "#6b4f2a", "#475569",
    "#e11d48", "#0891b2", "#a16207", "#4338ca", "#15803d",
)  # fmt: skip
_STYLES = ("-", "--", "-.", ":")


def structure_looks(colours: Mapping[str, Colour]) -> dict[str, tuple[str, str]]:
    """{name: (colour #rrggbb, line style)}: a structure's own colour where that can be seen on white."""
    looks: dict[str, tuple[str, str]] = {}
    for index, (name, own) in enumerate(colours.items()):
        seen = own is not None and not _is_pale(own)
        colour = "#{:02x}{:02x}{:02x}".format(*own) if seen and own else _COLOURS[index % len(_COLOURS)]
        style = _STYLES[(index // len(_COLOURS)) % len(_STYLES)]
        while (colour, style) in looks.values() and style != _STYLES[-1]:
            style = _STYLES[_STYLES.index(style) + 1]
        looks[name] = (colour, style)
    return looks


def _is_pale(colour: Sequence[int]) -> bool:
    """Whether a line of this colour is hard to see on white."""
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2] > 190
