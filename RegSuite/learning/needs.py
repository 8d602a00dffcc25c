"""The packages of the extra `learning`, asked for where they are needed and with words where they are not."""

from __future__ import annotations

from importlib.util import find_spec

from RegSuite.errors import InputError


def need(*packages: str) -> None:
    """Raise InputError that names the extra to install when one of `packages` is missing."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise InputError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
            where="learned models",
            mend="pip install 'regsuite[learning]'",
        )
