"""Names of structures that nobody can mix up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def distinct_names(named: Sequence[tuple[str, int]], what: str, file: str, warnings: list[str]) -> list[str]:
    """The names of (name, number), each once: empty ones and doubled ones get their number, with a warning.

    what: what the number is of (ROI, label). Names differ only where they differ without regard
    to spaces around them.
    """
    counts = Counter(name.strip() for name, _ in named)
    taken = {name for name, count in counts.items() if count == 1 and name}
    out: list[str] = []
    for name, number in named:
        plain = name.strip()
        if plain and counts[plain] == 1:
            out.append(plain)
            continue
        new = f"{plain} ({what} {number})" if plain else f"{what} {number}"
        while new in taken:
            new += "'"
        taken.add(new)
        out.append(new)
    for name, count in counts.items():
        if count > 1 and name:
            renamed = [n for (old, _), n in zip(named, out, strict=True) if old.strip() == name]
            warnings.append(f"{file}: {count} structures are called '{name}'; now {', '.join(renamed)}")
    nameless = [n for (old, _), n in zip(named, out, strict=True) if not old.strip()]
    if nameless:
        warnings.append(f"{file}: structures without a name are called {', '.join(nameless)}")
    return out
