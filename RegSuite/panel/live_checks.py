"""What is doubtful about the chosen images, said while they are being chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt

from RegSuite.panel.error_box import ErrorBox

if TYPE_CHECKING:
    from RegSuite.panel.finding import Finding

DELAY_MS = 200
"""Several changes in a row are looked at once."""


class LiveChecks:
    """A box that follows the forms; `widget` goes above Apply, hidden while nothing is doubtful.

    look() gives the findings, None while it is too early to say anything. fields_of(finding): the
    selectors to outline.
    """

    def __init__(
        self, look: Callable[[], list[Finding] | None], fields_of: Callable[[Finding], list[Any]]
    ) -> None:
        self._look, self._fields_of = look, fields_of
        self._box = ErrorBox("checkBox")
        self.widget = self._box.widget
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self.now)

    @property
    def text(self) -> str:
        """What the box says; empty where nothing is doubtful."""
        return self._box.text

    def soon(self) -> None:
        """Something was chosen: look once it is quiet."""
        self._timer.start(DELAY_MS)

    def stop(self) -> None:
        """Say nothing any more."""
        self._timer.stop()
        self._box.clear()

    def now(self) -> None:
        """Look and say it."""
        findings = self._look() or []
        fields = [field for finding in findings for field in self._fields_of(finding)]
        self._box.show_findings(findings, *fields)
