"""Errors in the panel: what is wrong, where, the mend, and the field concerned outlined."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.errors import RegSuiteError
from RegSuite.panel.tones import COLOURS, Tone, box_style, titled

HIGHLIGHTED = "RegSuiteHighlighted"
"""Dynamic property of a widget that is outlined."""


class ErrorBox:
    """A box that says one thing until the next one, or nothing. `widget` goes into the panel."""

    def __init__(self) -> None:
        self.widget: Any = qt.QLabel()
        self.widget.objectName = "errorBox"
        self.widget.setWordWrap(True)
        self.widget.setTextFormat(qt.Qt.RichText)
        self.widget.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
        self._outlined: list[Any] = []
        self.clear()

    def show_error(self, error: BaseException, *fields: Any) -> None:
        """Say an error; what RegSuite did not expect is called that. fields: widgets to outline."""
        if isinstance(error, RegSuiteError):
            self.show(error.what, error.where, error.mend, *fields)
        else:
            what = f"{type(error).__name__}: {error}"
            self.show(what, "", _("This was not foreseen: please report it with the log below."), *fields)

    def show(self, what: str, where: str = "", mend: str = "", *fields: Any, tone: Tone = "fail") -> None:
        """what: the finding. where: field, node or stage. mend: what the user can do."""
        lines = [_("Where: {where}").format(where=where)] if where else []
        lines += [_("Mend: {mend}").format(mend=mend)] if mend else []
        self._put(tone, what, lines, fields)

    def say(self, title: str, *sentences: str) -> None:
        """Tell what is no error."""
        self._put("plain", title, list(sentences), ())

    def clear(self) -> None:
        """Say nothing, outline nothing."""
        self.widget.text = ""
        self.widget.visible = False
        self._outline(())

    @property
    def text(self) -> str:
        """What the box says, without its markup; empty where it says nothing."""
        return str(qt.QTextDocumentFragment.fromHtml(self.widget.text).toPlainText())

    def _put(self, tone: Tone, title: str, sentences: list[str], fields: tuple[Any, ...]) -> None:
        self.widget.setStyleSheet(box_style(tone))
        self.widget.text = titled(tone, title, *sentences)
        self.widget.visible = True
        self._outline(fields)

    def _outline(self, fields: tuple[Any, ...]) -> None:
        for field in self._outlined:
            field.setStyleSheet("")
            field.setProperty(HIGHLIGHTED, False)
        self._outlined = [field for field in fields if field is not None]
        for field in self._outlined:
            field.setProperty(HIGHLIGHTED, True)
            field.setStyleSheet(f"QComboBox, QLineEdit {{ border: 2px solid {COLOURS['fail'].edge}; }}")
