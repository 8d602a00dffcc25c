"""Headers whose voxels lie in other files: MetaImage (.mhd), NRRD (.nhdr), NIfTI and Analyze (.hdr, .img)."""

from __future__ import annotations

import re
from pathlib import Path

_NAMED = {
    ".mhd": re.compile(r"^\s*ElementDataFile\s*=\s*(.+?)\s*$", re.MULTILINE),
    ".nhdr": re.compile(r"^data ?file:\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE),
}
_PARTNERS = {".hdr": (".img", ".img.gz"), ".img": (".hdr",)}
_HEADER_BYTES = 1 << 20
"""No header with a list of files is longer."""


def data_files(path: Path) -> list[Path]:
    """The files that belong to an image's header, in their order, as far as they are there.

    Empty for an image in one file. Raises OSError where the header cannot be read.
    """
    ending = path.suffix.lower()
    if ending in _PARTNERS:
        found = [path.with_suffix(other) for other in _PARTNERS[ending]]
    elif ending in _NAMED:
        with path.open("rb") as file:
            text = file.read(_HEADER_BYTES).decode("utf-8", "replace")
        named = _NAMED[ending].search(text)
        found = [] if named is None else [path.parent / n for n in _names(named[1], text[named.end() :])]
    else:
        return []
    return [file for file in found if file.is_file()]


def _names(value: str, below: str) -> list[str]:
    """The file names of a header's entry: one, a pattern with first, last and step, or a list of lines."""
    if value.split()[0].upper() == "LIST":
        return [line.strip() for line in below.splitlines() if line.strip()]
    pattern = re.fullmatch(r"(.*%0?\d*d.*?)\s+(-?\d+)\s+(-?\d+)(?:\s+(-?\d+))?(?:\s+\d+)?", value)
    if pattern is None:
        return [] if value.upper() == "LOCAL" else [value]
    first, last, step = int(pattern[2]), int(pattern[3]), int(pattern[4] or 1)
    if step == 0:
        return []
    return [pattern[1] % number for number in range(first, last + (1 if step > 0 else -1), step)]
