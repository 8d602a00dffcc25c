"""`python -m RegSuite.view DIR [--port N] [--no-browser]`, in the viewer's environment."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from RegSuite.cli.border import errors_as_exit_status


def main() -> None:
    """Open the folder and serve its page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="regsuite view", allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-browser", action="store_true")
    asked = parser.parse_args()
    sys.argv[1:] = []  # trame reads the command line too: these options are not its own
    with errors_as_exit_status():
        from RegSuite.view.application import serve

        serve(asked.folder, port=asked.port, browser=not asked.no_browser)


if __name__ == "__main__":
    main()
