"""What a check found: worded like an error, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from RegSuite.errors import RegSuiteError

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """severity: error where a run would be refused. where: title of the role(s). roles: their names."""

    severity: Severity
    what: str
    where: str = ""
    mend: str = ""
    roles: tuple[str, ...] = ()


Tell = Callable[[Finding], None]


@contextmanager
def refusals(tell: Tell, where: str, *roles: str) -> Iterator[None]:
    """Tell what is raised inside as an error of these roles, in the words of who raised it."""
    try:
        yield
    except RegSuiteError as error:
        tell(Finding("error", error.what, where or error.where, error.mend, roles))
