"""Entry point of `regsuite` and `python -m RegSuite`."""

from __future__ import annotations

import os


def main() -> None:
    """Run the command in sys.argv; leaves by SystemExit with the status of the contract."""
    # before torch and numba start OpenMP: threads that wait by spinning take the cores from the work as
    # soon as anything else runs here (1 mm brain pair on two busy cores: 26 s spinning, 13 s sleeping)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from RegSuite.cli.interrupt import stop_on_signals

    stop_on_signals()
    try:
        from RegSuite.cli.app import build_app

        build_app()()
    except KeyboardInterrupt:  # before a command's own border stood
        raise SystemExit(130) from None
