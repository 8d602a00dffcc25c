"""A headless Slicer in plain Python: `slicer.mrmlScene`, `slicer.app` and `slicer.modules` without Slicer.

Built on slicer-core: Slicer's own MRML, logics and storage nodes, without Qt. Scripts written for
Slicer's Python then run unchanged, as long as they show no dialog and run no CLI module.
Importing this package imports neither slicer nor vtk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from RegSuite.mrml.application.headless import HeadlessSlicer


def start() -> HeadlessSlicer | None:
    """Start the headless Slicer (1.3 s, most of it the import of slicer) where there is no Slicer.

    Idempotent: the second call gives what the first one started. None inside Slicer, which is left
    alone. Raises InputError where slicer-core is not installed or another package is called slicer.
    """
    from RegSuite.mrml.application.find_slicer import import_slicer

    slicer = import_slicer()
    app = getattr(slicer, "app", None)
    if app is not None:
        return getattr(app, "headless", None)
    from RegSuite.mrml.application.headless import HeadlessSlicer

    return HeadlessSlicer.put_into(slicer)
