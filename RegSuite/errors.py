"""The errors RegSuite raises: every message says what is wrong, where, and the mend."""

from __future__ import annotations


class RegSuiteError(Exception):
    """Base of all errors that a user is meant to read.

    what: the finding, with the numbers seen. where: file, field, structure or stage.
    mend: what the user can do about it. `exit_status` is the command line's answer.
    """

    exit_status = 1

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what = what
        self.where = where
        self.mend = mend
        super().__init__(self._text())

    def _text(self) -> str:
        lines = [f"{type(self).__name__}: {self.what}"]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.mend:
            lines.append(f"  mend: {self.mend}")
        return "\n".join(lines)

    def reason(self) -> dict[str, str]:
        """The error as result.json holds it: {what, where, mend}."""
        return {"what": self.what, "where": self.where, "mend": self.mend}


class RegSuiteWarning(UserWarning):
    """What a caller from Python should know of an answer that is given all the same."""


class InputError(RegSuiteError):
    """An input that cannot be right: a file, a value, an option."""

    exit_status = 2


class GeometryError(InputError):
    """Two inputs that do not fit in space, or a geometry that cannot be."""


class DoseError(InputError):
    """A dose whose unit, type or frame of reference does not allow what is asked."""


class OutputError(InputError):
    """A place that cannot be written to: exists, is read-only, is full before the start."""


class MethodFailed(RegSuiteError):
    """The method itself did not reach a usable result."""


class DiskFull(MethodFailed):
    """The disk filled up while the result was written; nothing is left behind."""


class OutOfMemory(MethodFailed):
    """The machine (or the GPU) has not the memory that the run needs."""


class Cancelled(RegSuiteError):
    """The user stopped the run; nothing half-written is left."""

    exit_status = 130

    def __init__(self, what: str = "cancelled by the user", *, where: str = "", mend: str = "") -> None:
        super().__init__(what, where=where, mend=mend)
