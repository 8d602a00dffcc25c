"""Entry point of `regsuite` and `python -m RegSuite`."""

from __future__ import annotations


def main() -> None:
    """Run the command in sys.argv; leaves by SystemExit with the status of the contract."""
    from RegSuite.cli.interrupt import stop_on_signals

    stop_on_signals()
    try:
        from RegSuite.cli.app import build_app

        build_app()()
    except KeyboardInterrupt:  # before a command's own border stood
        raise SystemExit(130) from None
