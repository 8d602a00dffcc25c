"""What stands in a panel's place while packages are missing: which ones, and a button that installs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel import dependencies


class InstallBox:
    """`widget` goes into the panel; on_ready() is called when everything is there.

    needed: what is missing, as dependencies.missing() says.
    """

    def __init__(self, on_ready: Callable[[], None]) -> None:
        self._on_ready = on_ready
        self.widget: Any = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        self.label: Any = qt.QLabel()
        self.label.wordWrap = True
        self.label.textInteractionFlags = qt.Qt.TextSelectableByMouse
        self.button: Any = qt.QPushButton(_("Install packages"))
        self.button.objectName = "installButton"
        self.button.connect("clicked()", self._install)
        layout.addWidget(self.label)
        layout.addWidget(self.button)
        self._say()

    def refresh(self) -> None:
        """Say what is missing now; hidden where nothing is."""
        self.widget.visible = self._say()

    def _say(self) -> bool:
        """Whether something is missing. Shows nothing: without a parent it would be a window."""
        needed = dependencies.missing()
        names = ", ".join(str(r) for r in needed)
        self.label.text = _("RegSuite needs Python packages: {names}").format(names=names)
        return bool(needed)

    def _install(self) -> None:
        self.button.enabled = False
        try:
            sentences = dependencies.ensure(again=True)
        except InputError as error:
            self.label.text = f"{error.what}\n{error.mend}"
            return
        finally:
            self.button.enabled = True
        self.refresh()
        if sentences:
            self.label.text = "\n".join(sentences)
            self.widget.visible = True
            return
        self._on_ready()
