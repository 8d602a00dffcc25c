"""How a process ended, in words."""

from __future__ import annotations

import signal

from RegSuite.errors import DiskFull, MethodFailed, OutOfMemory, RegSuiteError

DISK_FULL_STATUS = 74
"""With which a worker ends that cannot even say that the disk is full."""

_ACCESS_VIOLATION = 0xC0000005
_REPORT = "please report it with the last words below and `regsuite doctor`"


def crash(status: int, stage: str, heard: bool, command: str) -> RegSuiteError:
    """The error of a worker that ended without a word of its own.

    status: as Popen has it, -n for signal n. heard: whether it has ever said anything. command:
    the interpreter that ran it.
    """
    where = f"worker process, stage {stage!r}" if stage else "worker process"
    if status == -_number("SIGKILL"):
        return OutOfMemory(
            "the worker was killed by the system, often for want of memory",
            where=where,
            mend="close other programs, use a coarser image or a mask's box, or a machine with more memory",
        )
    if not heard:
        return MethodFailed(
            f"the worker could not start: {_how(status)}",
            where=command,
            mend="the last words tell why; `regsuite doctor` says what is missing in this Python",
        )
    return MethodFailed(f"the worker crashed: {_how(status)}", where=where, mend=_REPORT)


def disk_full(where: str) -> DiskFull:
    """The error of a worker whose private folder has no room left."""
    return DiskFull(
        "the disk of the temporary folder is full; nothing was left",
        where=where,
        mend="free some space, or set TMPDIR to a folder on another disk",
    )


def _how(status: int) -> str:
    """'segmentation fault (signal 11)', 'it ended with status 3'."""
    if status == _ACCESS_VIOLATION or status == -_number("SIGSEGV"):
        return "segmentation fault" + (f" (signal {-status})" if status < 0 else "")
    if status < 0:
        return f"it was ended by {_name(-status)}"
    return f"it ended with status {status}"


def _number(name: str) -> int:
    """The number of a signal; one that nothing has where the system does not know it."""
    return int(getattr(signal, name, 10_000))


def _name(number: int) -> str:
    known = {int(s): s.name for s in signal.Signals}
    return f"{known[number]} (signal {number})" if number in known else f"signal {number}"
