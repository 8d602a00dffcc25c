"""The outermost border: an error becomes words on stderr and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from RegSuite.errors import Cancelled, RegSuiteError


@contextmanager
def errors_as_exit_status() -> Iterator[None]:
    """0 as long as nothing is raised; 2 bad input, 1 failed, 130 cancelled, each with its words on stderr."""
    try:
        yield
    except (KeyboardInterrupt, Cancelled) as error:
        sys.stderr.write(f"cancelled: {getattr(error, 'mend', '') or 'nothing was written'}\n")
        raise SystemExit(Cancelled.exit_status) from None
    except RegSuiteError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_status) from None
    except BrokenPipeError:  # whoever read our output has gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def say(text: str) -> None:
    """A line for the person at the terminal (stderr)."""
    sys.stderr.write(f"{text}\n")


def answer(text: str) -> None:
    """What a program asked for (stdout)."""
    sys.stdout.write(f"{text}\n")
